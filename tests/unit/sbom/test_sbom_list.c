#include "test.h"

#include <fcntl.h>

#include "base/mem.h"
#include "list_fixture.h"

static const struct {
    const char *name;
    const char *version;
    int64_t components;
    enum sbom_kind kind;
} fixtures[] = {
    {"cdx-1.2.json", "1.2", 2, SBOM_CYCLONEDX_JSON},
    {"cdx-1.4.json", "1.4", 6, SBOM_CYCLONEDX_JSON},
    {"cdx-1.4-next.json", "1.4", 6, SBOM_CYCLONEDX_JSON},
    {"cdx-1.5.json", "1.5", 7, SBOM_CYCLONEDX_JSON},
    {"cdx-1.5-again.json", "1.5", 7, SBOM_CYCLONEDX_JSON},
    {"cdx-1.6.json", "1.6", 5, SBOM_CYCLONEDX_JSON},
    {"cdx-1.6-next.json", "1.6", 5, SBOM_CYCLONEDX_JSON},
    {"cdx-1.7.json", "1.7", 1, SBOM_CYCLONEDX_JSON},
    {"cdx-empty.json", "1.5", 0, SBOM_CYCLONEDX_JSON},
    {"cdx-1.1.xml", "1.1", 1, SBOM_CYCLONEDX_XML},
    {"cdx-1.3.xml", "1.3", 4, SBOM_CYCLONEDX_XML},
    {"cdx-1.3-next.xml", "1.3", 4, SBOM_CYCLONEDX_XML},
    {"cdx-1.6.xml", "1.6", 3, SBOM_CYCLONEDX_XML},
    {"cdx-1.6-next.xml", "1.6", 3, SBOM_CYCLONEDX_XML},
    {"spdx-2.2.json", "2.2", 3, SBOM_SPDX_JSON},
    {"spdx-2.2-next.json", "2.2", 3, SBOM_SPDX_JSON},
    {"spdx-2.3.json", "2.3", 2, SBOM_SPDX_JSON},
    {"spdx-2.3-next.json", "2.3", 3, SBOM_SPDX_JSON},
    {"spdx-2.3.spdx", "2.3", 2, SBOM_SPDX_TAG_VALUE},
    {"spdx-2.3-next.spdx", "2.3", 2, SBOM_SPDX_TAG_VALUE},
    {"spdx-3.0.1.json", "3.0.1", 2, SBOM_SPDX3_JSON},
    {"spdx-3.0.1-next.json", "3.0.1", 2, SBOM_SPDX3_JSON},
};

static void every_kind_gives_a_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fixtures); i++) {
        struct sbom_facts facts = fixture_facts(fixtures[i].name);
        auto_listed struct listed listed = listed_fixture(fixtures[i].name);

        if (!listed.list)
            fail_msg("%s: %s", fixtures[i].name, listed.err.message);
        assert_int_equal(facts.kind, fixtures[i].kind);
        assert_string_equal(facts.spec_version, fixtures[i].version);
        if (facts.components != fixtures[i].components)
            fail_msg("%s: %lld components", fixtures[i].name, (long long)facts.components);
        assert_int_equal(sbom_list_count(listed.list), facts.components);
        assert_int_equal(listed.facts.kind, facts.kind);
        assert_int_equal(listed.facts.components, facts.components);
        assert_string_equal(listed.facts.content_id, facts.content_id);
        assert_string_equal(listed.facts.component_id, facts.component_id);
    }
}

static void a_newer_document_has_facts_but_no_list(void **state)
{
    static const struct {
        const char *name;
        const char *want;
        enum sbom_kind kind;
    } rows[] = {
        {"cdx-1.99.json", "is CycloneDX JSON 1.99, newer than", SBOM_CYCLONEDX_JSON},
        {"cdx-2.0.json", "is CycloneDX JSON 2.0, newer than", SBOM_CYCLONEDX_JSON},
        {"spdx-4.0.json", "is SPDX 3 JSON-LD 4.0.0, newer than", SBOM_SPDX3_JSON},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_listed struct listed listed = listed_fixture(rows[i].name);

        assert_null(listed.list);
        assert_int_equal(listed.err.kind, ERR_DATA);
        if (!strstr(listed.err.message, rows[i].want))
            fail_msg("%s: %s", rows[i].name, listed.err.message);
        assert_int_equal(listed.facts.kind, rows[i].kind);
        assert_true(listed.facts.newer);
        assert_int_equal(listed.facts.components, -1);
    }
}

static void what_is_no_sbom_gives_neither(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"", "is empty"},
        {"<!DOCTYPE html><html></html>", "is an HTML page, not an SBOM"},
        {"{\"components\":[{}]}", "is JSON but no SBOM"},
        {"{\"bomFormat\":\"CycloneDX\",\"components\":[{},{", "ends in the middle"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_listed struct listed listed = listed_text(rows[i].text, strlen(rows[i].text));

        assert_null(listed.list);
        assert_int_equal(listed.err.kind, ERR_DATA);
        assert_non_null(strstr(listed.err.message, rows[i].want));
        assert_string_equal(listed.facts.content_id, "");
    }
}

/* One document that would be all three; its marks come first, and last. */
static void components_of_other_families_do_not_count(void **state)
{
    static const char body[] =
        "\"components\":[{\"name\":\"c\"},{\"name\":\"d\"}],\"packages\":[{\"name\":\"p\"}],"
        "\"@graph\":[{\"name\":\"e\",\"type\":\"software_Package\"},{\"name\":\"x\"}]";
    static const struct {
        const char *mark;
        int64_t components;
        const char *want;
    } rows[] = {
        {"\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"", 2, "+c \n+d \n"},
        {"\"spdxVersion\":\"SPDX-2.3\"", 1, "+p \n"},
        {"\"@context\":\"https://spdx.org/rdf/3.0.1/x\"", 1, "+e \n"},
    };

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        const char *mark = rows[i / 2].mark;
        auto_buf struct buf buf = {.max = 4096};
        auto_listed struct listed nothing = listed_fixture("cdx-empty.json");

        buf_print(&buf, "{%s,%s}", i % 2 ? mark : body, i % 2 ? body : mark);
        auto_listed struct listed listed = listed_text(buf.bytes, buf.size);
        assert_non_null(listed.list);
        assert_int_equal(sbom_list_count(listed.list), rows[i / 2].components);
        expect_differences(mark, &nothing, &listed, rows[i / 2].want);
    }
}

static void descriptors_stay_where_they_are(void **state)
{
    auto_buf struct buf buf = fixture_load("cdx-1.6.json");
    auto_fd int fd = memory_file(buf.bytes, buf.size);
    auto_fd int scratch = memory_file("", 0);
    struct err err = {0};

    (void)state;
    assert_int_equal(lseek(fd, 7, SEEK_SET), 7);
    auto_sbom_list struct sbom_list *list = sbom_list_read(fd, scratch, NULL, &err);
    assert_non_null(list);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 7);
    assert_int_equal(lseek(scratch, 0, SEEK_CUR), 0);
}

static void trouble_with_a_file_is_not_the_documents(void **state)
{
    auto_buf struct buf buf = fixture_load("cdx-1.6.json");
    auto_fd int fd = memory_file(buf.bytes, buf.size);
    auto_fd int scratch = memory_file("", 0);
    auto_fd int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    auto_fd int reading = open("/dev/null", O_RDONLY | O_CLOEXEC);
    auto_fd int full = open("/dev/full", O_RDWR | O_CLOEXEC);
    struct err err = {0};

    (void)state;
    assert_null(sbom_list_read(folder, scratch, NULL, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_null(sbom_list_read(fd, reading, NULL, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_null(sbom_list_read(fd, full, NULL, &err));
    assert_int_equal(err.kind, ERR_DISK_FULL);
}

/* {} is a component, too, so this is small. */
static struct listed many(size_t count)
{
    auto_buf struct buf buf = {.max = 4 << 20};
    struct err err = {0};

    buf_print(&buf, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[{}");
    for (size_t i = 1; i < count; i++)
        assert_true(buf_add(&buf, ",{}", 3, &err));
    buf_print(&buf, "]}");
    return listed_text(buf.bytes, buf.size);
}

static void there_is_a_limit(void **state)
{
    auto_listed struct listed most = many(SBOM_LIST_MAX);
    auto_listed struct listed more = many(SBOM_LIST_MAX + 1);

    (void)state;
    assert_non_null(most.list);
    assert_int_equal(sbom_list_count(most.list), SBOM_LIST_MAX);
    assert_null(more.list);
    assert_int_equal(more.err.kind, ERR_DATA);
    assert_string_equal(more.err.message, "has more than 400000 components, too many to compare");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_gives_a_list),
        cmocka_unit_test(a_newer_document_has_facts_but_no_list),
        cmocka_unit_test(what_is_no_sbom_gives_neither),
        cmocka_unit_test(components_of_other_families_do_not_count),
        cmocka_unit_test(descriptors_stay_where_they_are),
        cmocka_unit_test(trouble_with_a_file_is_not_the_documents),
        cmocka_unit_test(there_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
