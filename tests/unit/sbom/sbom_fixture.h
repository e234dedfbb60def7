/* sbom_fixture.h - loads a document of fixtures/ and takes its facts, in pieces of any size. */
#ifndef TESTS_SBOM_FIXTURE_H
#define TESTS_SBOM_FIXTURE_H

#include <fcntl.h>

#include "base/auto.h"
#include "base/buf.h"
#include "sbom/sbom_reader.h"

static inline struct buf fixture_load(const char *name)
{
    static const char here[] = __FILE__;
    char path[4096];
    struct buf buf = {.max = 1 << 20};
    struct err err = {0};

    snprintf(path, sizeof path, "%.*sfixtures/%s", (int)(sizeof here - sizeof "sbom_fixture.h"),
             here, name);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !buf_read_fd(&buf, fd, &err))
        fail_msg("fixture %s cannot be read", path);
    if (!buf.bytes)
        abort(); /* the analyzer does not know that a failed test does not go on */
    return buf;
}

static inline bool facts_of(const char *bytes, size_t size, size_t step, struct sbom_facts *facts,
                            struct err *err)
{
    auto_sbom_reader struct sbom_reader *reader = sbom_reader_new();

    for (size_t at = 0; at < size; at += step) {
        if (!sbom_reader_feed(reader, bytes + at, size - at < step ? size - at : step, err))
            return false;
    }
    return sbom_reader_finish(reader, facts, err);
}

static inline struct sbom_facts fixture_facts(const char *name)
{
    auto_buf struct buf buf = fixture_load(name);
    struct sbom_facts facts = {0};
    struct err err = {0};

    if (!facts_of(buf.bytes, buf.size, buf.size, &facts, &err))
        fail_msg("%s: %s", name, err.message);
    return facts;
}

#endif
