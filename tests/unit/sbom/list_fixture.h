/* list_fixture.h - documents as lists, and their differences as lines to compare with. */
#ifndef TESTS_LIST_FIXTURE_H
#define TESTS_LIST_FIXTURE_H

#include <sys/mman.h>

#include "sbom/sbom_diff.h"
#include "sbom/sbom_list.h"
#include "sbom_fixture.h"

struct listed {
    int fd;
    int scratch;
    struct sbom_list *list;
    struct sbom_facts facts;
    struct err err; /* where list is NULL */
};

static inline int memory_file(const char *bytes, size_t size)
{
    int fd = memfd_create("sbom", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    return fd;
}

/* Takes the descriptor. */
static inline struct listed listed_fd(int fd)
{
    struct listed listed = {.fd = fd, .scratch = memory_file("", 0)};

    listed.list = sbom_list_read(fd, listed.scratch, &listed.facts, &listed.err);
    return listed;
}

static inline struct listed listed_text(const char *text, size_t size)
{
    return listed_fd(memory_file(text, size));
}

static inline struct listed listed_fixture(const char *name)
{
    auto_buf struct buf buf = fixture_load(name);
    struct listed listed = listed_text(buf.bytes, buf.size);

    return listed;
}

/* A CycloneDX document of these components. */
static inline struct listed listed_components(const char *components)
{
    auto_buf struct buf buf = {.max = 1 << 20};

    buf_print(&buf, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[%s]}",
              components);
    return listed_text(buf.bytes, buf.size);
}

static inline void listed_release(struct listed *listed)
{
    sbom_list_free(listed->list);
    close(listed->fd);
    close(listed->scratch);
}

#define auto_listed __attribute__((cleanup(listed_release)))

/* "~name 1.0 > 2.0" a version, "=name 1.0" details, "+name 1.0", "-name 1.0"; each with its end. */
static inline bool add_line(void *owner, const struct sbom_difference *difference, struct err *err)
{
    static const char marks[] = {
        [SBOM_ADDED] = '+', [SBOM_REMOVED] = '-', [SBOM_VERSION] = '~', [SBOM_DETAIL] = '='};
    const char *old_version = difference->old_version;
    const char *new_version = difference->new_version;
    struct buf *lines = owner;

    (void)err;
    assert_int_equal(old_version == NULL, difference->change == SBOM_ADDED);
    assert_int_equal(new_version == NULL, difference->change == SBOM_REMOVED);
    buf_print(lines, "%c%s %s", marks[difference->change], difference->name,
              old_version ? old_version : new_version);
    if (difference->change == SBOM_VERSION)
        buf_print(lines, " > %s", new_version);
    if (difference->change == SBOM_DETAIL)
        assert_string_equal(old_version, new_version);
    buf_print(lines, "\n");
    return true;
}

static inline void expect_counts(const char *why, const struct buf *lines,
                                 const struct sbom_diff_counts *counts)
{
    struct sbom_diff_counts seen = {0};

    for (const char *line = lines->bytes; line && *line; line = strchr(line, '\n') + 1) {
        seen.added += *line == '+';
        seen.removed += *line == '-';
        seen.version += *line == '~';
        seen.detail += *line == '=';
    }
    if (memcmp(&seen, counts, sizeof seen) != 0)
        fail_msg("%s: counts and differences do not agree", why);
}

/* With and without the texts. */
static inline void expect_differences(const char *why, const struct listed *before,
                                      const struct listed *after, const char *want)
{
    auto_buf struct buf lines = {.max = 1 << 20};
    struct sbom_diff_counts counts = {-1, -1, -1, -1};
    struct sbom_diff_counts silent = {-1, -1, -1, -1};
    struct err err = {0};

    if (!before->list || !after->list)
        fail_msg("%s: %s%s", why, before->err.message, after->err.message);
    if (!sbom_diff(before->list, after->list, add_line, &lines, &counts, &err) ||
        !sbom_diff(before->list, after->list, NULL, NULL, &silent, &err))
        fail_msg("%s: %s", why, err.message);
    if (strcmp(lines.bytes ? lines.bytes : "", want) != 0)
        fail_msg("%s:\n%swant:\n%s", why, lines.bytes ? lines.bytes : "nothing\n", want);
    expect_counts(why, &lines, &counts);
    assert_memory_equal(&counts, &silent, sizeof counts);
}

#endif
