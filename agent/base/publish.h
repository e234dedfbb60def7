/*
 * publish.h - the one place that writes files for others to read.
 *
 * A file appears under its name whole and on the disk, or not at all: temporary in
 * the same folder, fsync, rename, fsync of the folders. Names are relative to one
 * folder and cannot leave it, whatever links somebody put there. All calls block: on
 * the loop they belong into a worker (work.h).
 *
 * Failures: ERR_IO, ERR_DISK_FULL; ERR_INPUT for a name with an empty, "." or ".." component.
 */
#ifndef BASE_PUBLISH_H
#define BASE_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct publish {
    int folder_fd; /* -1: none */
    int fd;        /* of the temporary file, read and write; -1: none */
    char temporary[64];
};

/* Makes the folder (0755) when it is missing and a temporary file in it. */
bool publish_open(const char *folder, struct publish *file, struct err *err);

/* Appends to the temporary file. */
bool publish_add(struct publish *file, const void *bytes, size_t size, struct err *err);

/*
 * What was added is on the disk: of several files that belong together, each is synced before
 * the first one is committed, so that a full disk leaves all the old ones.
 */
bool publish_sync(struct publish *file, struct err *err);

/* Does a regular file there hold the same bytes already? Then nothing has to be committed. */
bool publish_is_same(const struct publish *file, const char *relpath);

/* mode are the permission bits; folders on the way are made (0755). Releases on success. */
bool publish_commit(struct publish *file, const char *relpath, unsigned mode, struct err *err);

/* Removes the temporary file; fine after publish_commit() and on a closed one. */
void publish_discard(struct publish *file);

/* A small whole file in one call. */
bool publish_bytes(const char *folder, const char *relpath, const void *bytes, size_t size,
                   unsigned mode, struct err *err);

/* Removes a file below the folder; one that is not there is removed already. */
bool publish_remove(const char *folder, const char *relpath, struct err *err);

/*
 * Moves a regular file from below one folder to the same place below another on the same
 * file system; nothing there is replaced. inode tells which file is meant: another one in
 * its place stays (ERR_CHANGED).
 */
bool publish_move(const char *folder, const char *relpath, uint64_t inode, const char *to_folder,
                  struct err *err);

/* What a crash left behind in the folder. */
void publish_clean(const char *folder);

/* An unnamed file in a folder, gone when it is closed; -1 with *err. */
int publish_scratch(const char *folder, struct err *err);

#endif
