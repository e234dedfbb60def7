/* stored_fixture.h - documents for a private ledger, whole and damaged ones. */
#ifndef TESTS_UNIT_FLOW_STORED_FIXTURE_H
#define TESTS_UNIT_FLOW_STORED_FIXTURE_H

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/digest.h"
#include "base/mem.h"
#include "store/document.h"

/* Bytes that do not get smaller: every value a hash of its place. */
static inline unsigned char *noise_new(size_t size)
{
    unsigned char *bytes = xcalloc(1, size + 1);
    uint32_t value = 1;

    for (size_t i = 0; i < size; i++) {
        value = value * 1664525U + 1013904223U;
        bytes[i] = (unsigned char)(value >> 24);
    }
    return bytes;
}

static inline int file_of(const void *bytes, size_t size)
{
    int fd = memfd_create("bytes", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    return fd;
}

/* Deflated; *size becomes the deflated size. */
static inline unsigned char *deflated_new(const unsigned char *bytes, size_t *size)
{
    uLongf room = compressBound(*size);
    unsigned char *deflated = xcalloc(1, room + 1); /* a test may append to it */

    assert_int_equal(compress2(deflated, &room, bytes, *size, 1), Z_OK);
    *size = room;
    return deflated;
}

/* Keeps deflated bytes, right or wrong ones, under a digest and a size. */
static inline int64_t keep_deflated(struct db *db, const char *sha256, int64_t size,
                                    const unsigned char *deflated, size_t deflated_size)
{
    int fd = file_of(deflated, deflated_size);
    const struct document document = {
        .sha256 = sha256,
        .size = size,
        .deflated_fd = fd,
        .stored_size = (int64_t)deflated_size,
    };
    struct err err;
    int64_t id = 0;

    if (!document_keep(db, &document, &id, &err))
        fail_msg("%s", err.message);
    close(fd);
    return id;
}

static inline int64_t keep_bytes(struct db *db, const unsigned char *bytes, size_t size,
                                 char sha256[DIGEST_HEX_SIZE])
{
    size_t deflated_size = size;
    unsigned char *deflated = deflated_new(bytes, &deflated_size);

    digest_of(bytes, size, sha256);
    int64_t id = keep_deflated(db, sha256, (int64_t)size, deflated, deflated_size);
    free(deflated);
    return id;
}

#endif
