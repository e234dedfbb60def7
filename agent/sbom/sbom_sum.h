/*
 * sbom_sum.h - digests that add up, so that order does not count.
 *
 * A sum is a number modulo 2^256. The digest of a collection is the digest of the
 * sum of its members' digests: one pass, any order, no sorting, fixed memory.
 */
#ifndef SBOM_SBOM_SUM_H
#define SBOM_SBOM_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

enum { SBOM_SUM_WORDS = DIGEST_SIZE / 8 };

struct sbom_sum {
    uint64_t words[SBOM_SUM_WORDS]; /* the least significant first */
};

void sbom_sum_add(struct sbom_sum *sum, const struct sbom_sum *other);

/* Feeds count and sum to the digest, the same bytes on every machine. */
void sbom_sum_digest(const struct sbom_sum *sum, uint64_t count, struct digest *digest);

/* Ends the digest's stream (and so begins another): its value as a number. */
struct sbom_sum sbom_sum_end(struct digest *digest);

#endif
