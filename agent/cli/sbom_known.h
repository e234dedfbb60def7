/*
 * sbom_known.h - which files the ledger has put where, and with what in them. Pure.
 *
 * 64 bytes a file, whatever its name: 6.4 MB for 100,000. Names are known by 128 bits of their
 * SHA-256. First all are added, then they are looked for.
 */
#ifndef CLI_SBOM_KNOWN_H
#define CLI_SBOM_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct sbom_known_file {
    unsigned char path[16];
    unsigned char content[DIGEST_SIZE];
    int64_t since_ms; /* when the ledger came to say so */
    bool is_listed;   /* the caller's: SHA256SUMS has a line of it */
};

struct sbom_known { /* zeroed at first */
    struct sbom_known_file *files;
    size_t count;
    size_t room;
    bool is_sorted;
};

/* False: that is no digest in hex, and nothing was added. */
bool sbom_known_add(struct sbom_known *known, const char *relpath, const char *sha256,
                    int64_t since_ms);

/* NULL: nobody knows it. */
struct sbom_known_file *sbom_known_find(struct sbom_known *known, const char *relpath);

bool sbom_known_has_content(const struct sbom_known_file *file, const char *sha256);
void sbom_known_release(struct sbom_known *known);

#endif
