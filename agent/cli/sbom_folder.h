/*
 * sbom_folder.h - the folder of the exported SBOMs, held against what the ledger says of it.
 *
 * Everything is looked at below one folder and without following links, so that nobody can
 * make it look elsewhere. Findings are told as they come; what cannot be read is one too.
 */
#ifndef CLI_SBOM_FOLDER_H
#define CLI_SBOM_FOLDER_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "cli/sbom_finding.h"
#include "cli/sbom_known.h"

struct sbom_folder {
    const char *path; /* sbom.directory, absolute; borrowed */
    int fd;           /* -1: it is not there */
    struct sbom_known known;
    struct findings *findings; /* borrowed */
    int64_t files;             /* looked at */
    struct err trouble;        /* the first file that could not be read */
};

/* ERR_INPUT: it may not be looked into. One that is not there is an empty one. */
bool sbom_folder_open(const char *path, struct findings *findings, struct sbom_folder *folder,
                      struct err *err);
void sbom_folder_close(struct sbom_folder *folder);

struct sbom_expected { /* borrowed */
    const char *path;  /* absolute */
    const char *sha256;
    const char *firmware_id;
    const char *format;
    int64_t since_ms;
    bool is_unplaced;
};

/* The file of a current SBOM. One below another folder is looked at there. */
void sbom_folder_check(struct sbom_folder *folder, const struct sbom_expected *expected);

/* After all checks: files that none of them was about, then SHA256SUMS. */
void sbom_folder_walk(struct sbom_folder *folder);
void sbom_folder_check_sums(struct sbom_folder *folder);

/* ---- for sbom_sums.c ---- */

/* The digest of a file below the folder; ERR_GONE: it is not there. */
bool sbom_folder_digest(const struct sbom_folder *folder, const char *relpath,
                        char hex[DIGEST_HEX_SIZE], struct err *err);

#endif
