#include "base/secret.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "base/digest.h"
#include "base/mem.h"

enum { PAGE_BYTES = SECRET_MAX + 4096 }; /* the value, its NUL, rounded to whole pages */

struct secret {
    char *page;
    size_t size;
    char fingerprint[SECRET_FINGERPRINT_SIZE];
};

static const char *const placeholders[] = {
    "your-api-token", "your-token", "changeme", "change-me", "token", "xxx", "todo",
};

static bool is_placeholder(const char *bytes, size_t size)
{
    if (size >= 2 && (memcmp(bytes, "${", 2) == 0 || bytes[0] == '<'))
        return true;
    for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++) {
        if (size == strlen(placeholders[i]) && strncasecmp(bytes, placeholders[i], size) == 0)
            return true;
    }
    return false;
}

static const char *fault_of(const char *bytes, size_t size)
{
    if (size == 0)
        return "is empty";
    if (size > SECRET_MAX)
        return "is longer than 4 KiB";
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            return "contains white space";
        if (c < 0x20 || c == 0x7f)
            return "contains control characters";
        if (c > 0x7f)
            return "contains non-ASCII characters";
    }
    return is_placeholder(bytes, size) ? "is a placeholder, not a token" : NULL;
}

struct secret *secret_new(const char *bytes, size_t size, struct err *err)
{
    char hex[DIGEST_HEX_SIZE];

    if (size > 0 && bytes[size - 1] == '\n')
        size--;
    if (size > 0 && bytes[size - 1] == '\r')
        size--;
    const char *fault = fault_of(bytes, size);
    if (fault) {
        err_set(err, ERR_AUTH, "the token %s", fault);
        return NULL;
    }
    char *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        abort();
    /* Each is a second line of defence: a kernel or limit that refuses one changes nothing else. */
    (void)mlock(page, PAGE_BYTES);
    (void)madvise(page, PAGE_BYTES, MADV_DONTDUMP);
    (void)madvise(page, PAGE_BYTES, MADV_WIPEONFORK);
    memcpy(page, bytes, size);

    struct secret *secret = xcalloc(1, sizeof *secret);
    secret->page = page;
    secret->size = size;
    digest_of(bytes, size, hex);
    memcpy(secret->fingerprint, hex, SECRET_FINGERPRINT_SIZE - 1);
    return secret;
}

void secret_free(struct secret *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret->page, PAGE_BYTES);
    munmap(secret->page, PAGE_BYTES);
    free(secret);
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return a->size == b->size && memcmp(a->page, b->page, a->size) == 0;
}

const char *secret_fingerprint(const struct secret *secret)
{
    return secret->fingerprint;
}

const char *secret_reveal(const struct secret *secret)
{
    assert(secret->page[secret->size] == '\0');
    return secret->page;
}
