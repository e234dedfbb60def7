/*
 * Any bytes: refused with ERR_DATA or facts of a known kind; the same for every way to cut
 * them into pieces. What has facts has a list of as many components, in which nothing
 * differs from itself and all from nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/auto.h"
#include "sbom/sbom_diff.h"
#include "sbom/sbom_list.h"
#include "sbom/sbom_reader.h"

static bool inspect(const uint8_t *bytes, size_t size, size_t step, struct sbom_facts *facts,
                    struct err *err)
{
    auto_sbom_reader struct sbom_reader *reader = sbom_reader_new();
    bool good = true;

    for (size_t at = 0; good && at < size; at += step)
        good = sbom_reader_feed(reader, bytes + at, size - at < step ? size - at : step, err);
    return good && sbom_reader_finish(reader, facts, err);
}

static void check(bool good, const struct sbom_facts *facts, const struct err *err)
{
    struct err import = {0};

    if (!good && (err->kind != ERR_DATA || err->message[0] == '\0'))
        abort();
    if (!good)
        return;
    if (facts->kind >= SBOM_KIND_COUNT || strlen(facts->content_id) != 64 ||
        strlen(facts->component_id) != 64 || (facts->components < 0) != facts->newer)
        abort();
    sbom_importable(facts, &import);
}

static int memory_file(const void *bytes, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    return fd;
}

/* Texts are there, and come in order. */
static bool on_added(void *owner, const struct sbom_difference *difference, struct err *err)
{
    char *last = owner;

    (void)err;
    if (difference->change != SBOM_ADDED || difference->old_version || !difference->new_version ||
        strlen(difference->name) > 512 || strlen(difference->identity) > 512 ||
        strlen(difference->new_version) > 512 || strcmp(last, difference->name) > 0)
        abort();
    memcpy(last, difference->name, strlen(difference->name) + 1);
    return true;
}

static void compare(struct sbom_list *list, struct sbom_list *nothing)
{
    struct sbom_diff_counts counts = {-1, -1, -1, -1};
    char last[513] = "";
    struct err err;

    if (!sbom_diff(list, list, NULL, NULL, &counts, &err) || counts.added || counts.removed ||
        counts.version || counts.detail)
        abort();
    if (!sbom_diff(nothing, list, on_added, last, &counts, &err) ||
        counts.added != sbom_list_count(list) || counts.removed || counts.version || counts.detail)
        abort();
}

static void check_list(const uint8_t *bytes, size_t size, const struct sbom_facts *facts)
{
    static const char empty[] = "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"}";
    auto_fd int fd = memory_file(bytes, size);
    auto_fd int none = memory_file(empty, sizeof empty - 1);
    auto_fd int scratch = memory_file("", 0);
    auto_fd int unused = memory_file("", 0);
    struct err err = {0};
    auto_sbom_list struct sbom_list *list = sbom_list_read(fd, scratch, NULL, &err);
    auto_sbom_list struct sbom_list *nothing = sbom_list_read(none, unused, NULL, &err);

    if (!nothing || (list == NULL) != facts->newer)
        abort();
    if (list && sbom_list_count(list) != facts->components)
        abort();
    if (list)
        compare(list, nothing);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const size_t steps[] = {1, 5, 64};
    struct sbom_facts whole = {0};
    struct err whole_err = {0};
    bool good = inspect(bytes, size, size ? size : 1, &whole, &whole_err);

    check(good, &whole, &whole_err);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct sbom_facts facts = {0};
        struct err err = {0};

        if (inspect(bytes, size, steps[i], &facts, &err) != good)
            abort();
        if (good && (facts.components != whole.components ||
                     strcmp(facts.content_id, whole.content_id) != 0 ||
                     strcmp(facts.component_id, whole.component_id) != 0))
            abort();
    }
    if (good)
        check_list(bytes, size, &whole);
    return 0;
}
