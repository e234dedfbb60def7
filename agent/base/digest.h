/* digest.h - SHA-256, as a stream. libcrypto does the work. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>

enum { DIGEST_SIZE = 32, DIGEST_HEX_SIZE = 2 * DIGEST_SIZE + 1 };

struct digest;

struct digest *digest_new(void);
void digest_add(struct digest *digest, const void *bytes, size_t size);

/* Writes lower-case hex and makes the digest ready for another stream. */
void digest_hex(struct digest *digest, char hex[DIGEST_HEX_SIZE]);
void digest_free(struct digest *digest); /* NULL is fine */

void digest_of(const void *bytes, size_t size, char hex[DIGEST_HEX_SIZE]);

#endif
