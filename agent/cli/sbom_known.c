/*
 * sbom_known.c - an array that grows by doubling, is sorted once, and then searched: no names are
 * kept, so what it takes does not depend on what the platform calls its firmwares.
 */
#include "cli/sbom_known.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ROOM_FIRST = 1024 };

static int digit_of(char hex)
{
    if (hex >= '0' && hex <= '9')
        return hex - '0';
    return hex >= 'a' && hex <= 'f' ? hex - 'a' + 10 : -1;
}

static bool read_hex(const char *hex, unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int high = digit_of(hex[2 * i]);
        int low = high < 0 ? -1 : digit_of(hex[2 * i + 1]);

        if (low < 0)
            return false;
        bytes[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

static void read_path(const char *relpath, struct sbom_known_file *file)
{
    char hex[DIGEST_HEX_SIZE];

    digest_of(relpath, strlen(relpath), hex);
    bool is_hex = read_hex(hex, file->path, sizeof file->path);
    assert(is_hex);
    (void)is_hex;
}

static int compare(const void *one, const void *other)
{
    const struct sbom_known_file *first = one;
    const struct sbom_known_file *second = other;

    return memcmp(first->path, second->path, sizeof first->path);
}

bool sbom_known_add(struct sbom_known *known, const char *relpath, const char *sha256,
                    int64_t since_ms)
{
    struct sbom_known_file file = {.since_ms = since_ms};

    assert(!known->is_sorted);
    if (strlen(sha256) != DIGEST_HEX_SIZE - 1 || !read_hex(sha256, file.content, DIGEST_SIZE))
        return false;
    read_path(relpath, &file);
    if (known->count == known->room) {
        known->room = known->room ? 2 * known->room : ROOM_FIRST;
        known->files = xrealloc(known->files, known->room * sizeof *known->files);
    }
    known->files[known->count++] = file;
    return true;
}

struct sbom_known_file *sbom_known_find(struct sbom_known *known, const char *relpath)
{
    struct sbom_known_file key;

    if (known->count == 0)
        return NULL;
    if (!known->is_sorted)
        qsort(known->files, known->count, sizeof *known->files, compare);
    known->is_sorted = true;
    read_path(relpath, &key);
    return bsearch(&key, known->files, known->count, sizeof *known->files, compare);
}

bool sbom_known_has_content(const struct sbom_known_file *file, const char *sha256)
{
    unsigned char content[DIGEST_SIZE];

    return strlen(sha256) == DIGEST_HEX_SIZE - 1 && read_hex(sha256, content, sizeof content) &&
           memcmp(file->content, content, sizeof content) == 0;
}

void sbom_known_release(struct sbom_known *known)
{
    free(known->files);
    *known = (struct sbom_known){0};
}
