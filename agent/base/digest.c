#include "base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/mem.h"

struct digest {
    EVP_MD_CTX *context;
};

static void begin(struct digest *digest)
{
    if (EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1)
        abort(); /* only out of memory, or a libcrypto without SHA-256 */
}

struct digest *digest_new(void)
{
    struct digest *digest = xcalloc(1, sizeof *digest);

    digest->context = EVP_MD_CTX_new();
    if (!digest->context)
        abort();
    begin(digest);
    return digest;
}

void digest_add(struct digest *digest, const void *bytes, size_t size)
{
    if (EVP_DigestUpdate(digest->context, bytes, size) != 1)
        abort();
}

void digest_hex(struct digest *digest, char hex[DIGEST_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];

    if (EVP_DigestFinal_ex(digest->context, raw, NULL) != 1)
        abort();
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        hex[2 * i] = digits[raw[i] >> 4];
        hex[2 * i + 1] = digits[raw[i] & 15];
    }
    hex[DIGEST_HEX_SIZE - 1] = '\0';
    begin(digest);
}

void digest_free(struct digest *digest)
{
    if (!digest)
        return;
    EVP_MD_CTX_free(digest->context);
    free(digest);
}

void digest_of(const void *bytes, size_t size, char hex[DIGEST_HEX_SIZE])
{
    struct digest *digest = digest_new();

    digest_add(digest, bytes, size);
    digest_hex(digest, hex);
    digest_free(digest);
}
