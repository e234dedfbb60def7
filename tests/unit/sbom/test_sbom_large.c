/* Lists of documents too large to hold: made in files of memory, which are not this process's. */
#include "test.h"

#include <sys/resource.h>

#include "list_fixture.h"

/* Sanitizers keep freed memory for a while, and more of their own: no measure of ours. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* 60,000 components are over 20 MB; two lists of them are 5 MB, and sorting and reading add some.
 */
enum { DOCUMENT_MIN = 20 << 20, GROWTH_MAX_KIB = 12 * 1024 };

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

struct shape {
    const char *head;
    const char *component; /* its number twice, its version twice */
    const char *tail;
};

static const struct shape cyclonedx = {
    "{\"components\":[{\"name\":\"first\"}",
    ",{\"type\":\"library\",\"bom-ref\":\"5f0a44f1-8a4e-4f83-9c0d-%012zu\",\"name\":\"příklad\","
    "\"purl\":\"pkg:generic/acme/component-with-a-name-%06zu@%zu?arch=arm64\",\"version\":\"%zu\","
    "\"licenses\":[{\"expression\":\"MIT OR (Apache-2.0 AND BSD-3-Clause)\"}],"
    "\"hashes\":[{\"alg\":\"SHA-256\",\"content\":"
    "\"88525753f79d3bec27d2fa7c66aa0b92b3aa9498dafd93d7cfa4b3780cdae313\"}],"
    "\"properties\":[{\"name\":\"acme:path\",\"value\":\"/usr/lib/a/b/c\"}]}\n",
    "],\"specVersion\":\"1.6\",\"bomFormat\":\"CycloneDX\"}",
};

static const struct shape spdx = {
    "{\"packages\":[{\"name\":\"first\"}",
    ",{\"SPDXID\":\"SPDXRef-%zu\",\"externalRefs\":[{\"referenceLocator\":"
    "\"pkg:generic/acme/component-with-a-name-%06zu@%zu\",\"referenceType\":\"purl\"}],"
    "\"name\":\"příklad\",\"versionInfo\":\"%zu\"}\n",
    "],\"spdxVersion\":\"SPDX-2.3\"}",
};

static void put(int fd, struct buf *buf)
{
    assert_int_equal(write(fd, buf->bytes, buf->size), buf->size);
    buf_clear(buf);
}

/*
 * Components step, 2 * step, ... modulo count (a prime), so all of them but 0; every
 * `every`th has version 2.
 */
static struct listed generated(const struct shape *shape, size_t count, size_t step, size_t every)
{
    auto_buf struct buf buf = {.max = 1 << 20};
    int fd = memory_file("", 0);

    buf_print(&buf, "%s", shape->head);
    for (size_t i = step; i != 0; i = (i + step) % count) {
        size_t version = i % every == 0 ? 2 : 1;

        _Pragma("GCC diagnostic push");
        _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"");
        buf_print(&buf, shape->component, i, i, version, version);
        _Pragma("GCC diagnostic pop");
        if (buf.size > 1 << 16)
            put(fd, &buf);
    }
    buf_print(&buf, "%s", shape->tail);
    put(fd, &buf);
    return listed_fd(fd);
}

static void twenty_thousand_components_in_any_order(void **state)
{
    auto_listed struct listed forth = generated(&cyclonedx, 20011, 1, SIZE_MAX);
    auto_listed struct listed mixed = generated(&cyclonedx, 20011, 7919, SIZE_MAX);
    auto_listed struct listed other = generated(&spdx, 20011, 31, SIZE_MAX);

    (void)state;
    assert_int_equal(sbom_list_count(forth.list), 20011);
    expect_differences("another order", &forth, &mixed, "");
    expect_differences("another kind", &forth, &other, "");
}

struct order {
    size_t count;
    char last[1024];
};

/* All names are equal: the identity orders them, and its version's two spellings do. */
static bool check_order(void *owner, const struct sbom_difference *difference, struct err *err)
{
    struct order *order = owner;

    (void)err;
    if (strcmp(order->last, difference->identity) >= 0)
        fail_msg("%s after %s", difference->identity, order->last);
    snprintf(order->last, sizeof order->last, "%s", difference->identity);
    order->count++;
    return true;
}

static void memory_stays_far_below_the_documents(void **state)
{
    enum { COUNT = 60013, CHANGED = (COUNT - 1) / 3, MORE = 60101 };
    struct sbom_diff_counts counts;
    struct order order = {0};
    struct err err = {0};

    (void)state;
    auto_listed struct listed warm = listed_fixture("cdx-1.6.json"); /* what comes once */
    assert_non_null(warm.list);
    long start = peak_kib();
    auto_listed struct listed before = generated(&cyclonedx, COUNT, 1, SIZE_MAX);
    auto_listed struct listed after = generated(&cyclonedx, MORE, 7919, 3);
    assert_true(lseek(before.fd, 0, SEEK_END) > DOCUMENT_MIN);
    assert_true(sbom_diff(before.list, after.list, check_order, &order, &counts, &err));
    assert_int_equal(counts.version, CHANGED);
    assert_int_equal(counts.added, MORE - COUNT);
    assert_int_equal(counts.removed + counts.detail, 0);
    assert_int_equal(order.count, CHANGED + MORE - COUNT);
    long growth = peak_kib() - start;
    if (growth > GROWTH_MAX_KIB && !SANITIZED)
        fail_msg("%ld KiB more", growth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_stays_far_below_the_documents), /* first: the peak only grows */
        cmocka_unit_test(twenty_thousand_components_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
