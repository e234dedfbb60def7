/* Documents too large to hold: generated while they are read. */
#include "test.h"

#include <sys/resource.h>

#include "sbom_fixture.h"

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

enum { COMPONENTS_SMALL = 20000, COMPONENTS_LARGE = 30000, GROWTH_MAX_KIB = 8 * 1024 };

struct shape {
    const char *name;
    const char *head;
    const char *component[3]; /* its number stands between the parts */
    const char *between;
    const char *tail;
};

static const struct shape json_shape = {
    "CycloneDX JSON",
    "{\"components\":[",
    {"{\"type\":\"library\",\"bom-ref\":\"5f0a44f1-8a4e-4f83-9c0d-", "\",\"name\":\"příklad ",
     "\",\"version\":\"1.2.3\","
     "\"licenses\":[{\"expression\":\"MIT OR (Apache-2.0 AND BSD-3-Clause)\"}],"
     "\"hashes\":[{\"alg\":\"SHA-256\",\"content\":"
     "\"88525753f79d3bec27d2fa7c66aa0b92b3aa9498dafd93d7cfa4b3780cdae313\"}],"
     "\"properties\":[{\"name\":\"acme:path\",\"value\":\"/usr/lib/x\"}]}"},
    ",\n",
    "],\"specVersion\":\"1.6\",\"bomFormat\":\"CycloneDX\"}",
};

static const struct shape xml_shape = {
    "CycloneDX XML",
    "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><components>",
    {"<component type='library' bom-ref='", "'><name>příklad ",
     "</name><version>1.2.3</version>"
     "<licenses><expression>MIT OR (Apache-2.0 AND BSD-3-Clause)</expression></licenses>"
     "<hashes><hash alg='SHA-256'>"
     "88525753f79d3bec27d2fa7c66aa0b92b3aa9498dafd93d7cfa4b3780cdae313</hash></hashes>"
     "</component>"},
    "\n",
    "</components></bom>",
};

static const struct shape tag_shape = {
    "SPDX tag-value",
    "SPDXVersion: SPDX-2.3\n",
    {"PackageName: package ", "\nSPDXID: SPDXRef-",
     "\nPackageVersion: 1.2.3\n"
     "PackageLicenseDeclared: MIT OR (Apache-2.0 AND BSD-3-Clause)\n"},
    "\n",
    "Relationship: SPDXRef-1 CONTAINS SPDXRef-2\n",
};

static void push(struct sbom_reader *reader, const char *bytes, size_t size)
{
    struct err err = {0};

    if (!sbom_reader_feed(reader, bytes, size, &err))
        fail_msg("%s", err.message);
}

/* Components first, first + step, ... modulo count: all of them when step and count are coprime. */
static struct sbom_facts generate(const struct shape *shape, size_t count, size_t step)
{
    auto_sbom_reader struct sbom_reader *reader = sbom_reader_new();
    struct sbom_facts facts;
    struct err err = {0};
    char component[1024];
    size_t at = 0;

    push(reader, shape->head, strlen(shape->head));
    for (size_t i = 0; i < count; i++, at = (at + step) % count) {
        int size = snprintf(component, sizeof component, "%s%012zu%s%012zu%s", shape->component[0],
                            at, shape->component[1], at, shape->component[2]);

        if (i > 0)
            push(reader, shape->between, strlen(shape->between));
        push(reader, component, (size_t)size);
    }
    push(reader, shape->tail, strlen(shape->tail));
    if (!sbom_reader_finish(reader, &facts, &err))
        fail_msg("%s: %s", shape->name, err.message);
    return facts;
}

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void expect_flat(const struct shape *shape)
{
    generate(shape, 10, 1); /* what libraries allocate once */
    long before = peak_kib();
    struct sbom_facts facts = generate(shape, COMPONENTS_LARGE, 1);
    long growth = peak_kib() - before;

    assert_int_equal(facts.components, COMPONENTS_LARGE);
    if (growth > GROWTH_MAX_KIB && !SANITIZED)
        fail_msg("%s: %ld KiB more", shape->name, growth);
}

static void memory_does_not_grow_with_the_document(void **state)
{
    (void)state;
    expect_flat(&json_shape);
    expect_flat(&xml_shape);
    expect_flat(&tag_shape);
}

static void expect_any_order(const struct shape *shape, size_t count)
{
    struct sbom_facts forth = generate(shape, count, 1);
    struct sbom_facts mixed = generate(shape, count, 7919);
    struct sbom_facts fewer = generate(shape, count - 1, 1);

    assert_string_equal(forth.content_id, mixed.content_id);
    assert_string_equal(forth.component_id, mixed.component_id);
    assert_string_not_equal(forth.component_id, fewer.component_id);
}

static void the_order_of_twenty_thousand_components_does_not_count(void **state)
{
    (void)state;
    expect_any_order(&json_shape, COMPONENTS_SMALL);
    expect_any_order(&xml_shape, COMPONENTS_SMALL / 10);
    expect_any_order(&tag_shape, COMPONENTS_SMALL / 10);
}

/* One text of 20 MB, as an embedded licence or file can be. */
static void a_text_without_end_needs_no_memory(void **state)
{
    auto_sbom_reader struct sbom_reader *reader = sbom_reader_new();
    static const char head[] = "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"x\":\"";
    static char filler[65536];
    struct sbom_facts facts;
    struct err err = {0};

    (void)state;
    memset(filler, 'A', sizeof filler);
    push(reader, head, sizeof head - 1);
    long before = peak_kib();
    for (size_t i = 0; i < 320; i++)
        push(reader, filler, sizeof filler);
    push(reader, "\"}", 2);
    assert_true(sbom_reader_finish(reader, &facts, &err));
    assert_true(SANITIZED || peak_kib() - before < GROWTH_MAX_KIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_does_not_grow_with_the_document),
        cmocka_unit_test(the_order_of_twenty_thousand_components_does_not_count),
        cmocka_unit_test(a_text_without_end_needs_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
