#include "test.h"

#include "base/mem.h"
#include "sbom_fixture.h"

static const struct {
    const char *name;
    const char *version;
    int64_t components;
    enum sbom_kind kind;
    bool newer;
} fixtures[] = {
    {"cdx-1.6.json", "1.6", 5, SBOM_CYCLONEDX_JSON, false},
    {"cdx-1.2.json", "1.2", 2, SBOM_CYCLONEDX_JSON, false},
    {"cdx-1.7.json", "1.7", 1, SBOM_CYCLONEDX_JSON, false},
    {"cdx-2.0.json", "2.0", -1, SBOM_CYCLONEDX_JSON, true},
    {"cdx-empty.json", "1.5", 0, SBOM_CYCLONEDX_JSON, false},
    {"cdx-1.1.xml", "1.1", 1, SBOM_CYCLONEDX_XML, false},
    {"cdx-1.6.xml", "1.6", 3, SBOM_CYCLONEDX_XML, false},
    {"spdx-2.3.json", "2.3", 2, SBOM_SPDX_JSON, false},
    {"spdx-2.3.spdx", "2.3", 2, SBOM_SPDX_TAG_VALUE, false},
    {"spdx-3.0.1.json", "3.0.1", 2, SBOM_SPDX3_JSON, false},
};

static void expect_fixture(size_t i, size_t step)
{
    auto_buf struct buf buf = fixture_load(fixtures[i].name);
    struct sbom_facts whole = fixture_facts(fixtures[i].name);
    struct sbom_facts facts = {0};
    struct err err = {0};

    if (!facts_of(buf.bytes, buf.size, step < buf.size ? step : buf.size, &facts, &err))
        fail_msg("%s, %zu at a time: %s", fixtures[i].name, step, err.message);
    assert_int_equal(facts.kind, fixtures[i].kind);
    assert_string_equal(facts.spec_version, fixtures[i].version);
    if (facts.components != fixtures[i].components)
        fail_msg("%s: %lld components", fixtures[i].name, (long long)facts.components);
    assert_int_equal(facts.newer, fixtures[i].newer);
    assert_string_equal(facts.content_id, whole.content_id);
    assert_string_equal(facts.component_id, whole.component_id);
}

static void every_kind_is_recognised_however_it_is_cut(void **state)
{
    static const size_t steps[] = {1, 7, 1000, SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(fixtures); i++) {
        for (size_t j = 0; j < COUNT_OF(steps); j++)
            expect_fixture(i, steps[j]);
    }
}

static void expect_cut(const char *why, const char *bytes, size_t size)
{
    struct sbom_facts facts = {0};
    struct err err = {0};

    if (facts_of(bytes, size, 4096, &facts, &err))
        fail_msg("%s is taken when cut at %zu", why, size);
    assert_int_equal(err.kind, ERR_DATA);
    if (!strstr(err.message, "ends in the middle"))
        fail_msg("%s cut at %zu: %s", why, size, err.message);
}

static void a_cut_document_is_refused_at_every_byte(void **state)
{
    static const char *const names[] = {"cdx-1.2.json", "cdx-1.6.json",  "cdx-1.1.xml",
                                        "cdx-1.6.xml",  "spdx-2.3.json", "spdx-3.0.1.json"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        auto_buf struct buf buf = fixture_load(names[i]);

        while (buf.bytes[buf.size - 1] == '\n') /* a document without it is whole */
            buf.size--;
        for (size_t size = 1; size < buf.size; size++)
            expect_cut(names[i], buf.bytes, size);
    }
}

static void tag_value_is_refused_when_cut_in_a_tag_or_in_text(void **state)
{
    auto_buf struct buf buf = fixture_load("spdx-2.3.spdx");
    static const char *const cuts[] = {"Version: 3.0.13", "sell> it.", "SPDX-2.3", ">Use it."};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        struct sbom_facts facts = {0};
        struct err err = {0};

        size_t size = (size_t)(strstr(buf.bytes, cuts[i]) - buf.bytes);
        assert_false(facts_of(buf.bytes, size, 64, &facts, &err));
        assert_int_equal(err.kind, ERR_DATA);
    }
}

#define CDX_NS "xmlns=\"http://cyclonedx.org/schema/bom/1.6\""

static const struct {
    const char *why;
    const char *text;
    const char *want;
} refused[] = {
    {"nothing", "", "is empty"},
    {"blanks", "  \n\t\r\n                                   ", "is empty"},
    {"a byte order mark", "\xef\xbb\xbf", "is empty"},
    {"a page", "<!DOCTYPE html><html><body>Sign in</body></html>", "is an HTML page"},
    {"a page in capitals after blanks", "\n\n <HTML><BODY>", "is an HTML page"},
    {"an old page", "<!doctype HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">", "is an HTML page"},
    {"an XHTML page", "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"a\" \"b\"><html></html>",
     "is an HTML page"},
    {"an XHTML page without a type",
     "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"/>", "is an HTML page"},
    {"JSON of another kind", "{\"errors\":[{\"message\":\"no\"}]}",
     "is JSON but no SBOM: neither bomFormat nor spdxVersion"},
    {"a JSON array", "[{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"}]",
     "is JSON but no SBOM"},
    {"a JSON string", "\"CycloneDX\"", "is JSON but no SBOM"},
    {"the marks are not at the top", "{\"data\":{\"bomFormat\":\"CycloneDX\"}}",
     "is JSON but no SBOM"},
    {"another bomFormat", "{\"bomFormat\":\"Other\",\"specVersion\":\"1.6\"}",
     "is JSON but no SBOM"},
    {"JSON-LD of another kind", "{\"@context\":\"https://schema.org/a/b\",\"@graph\":[]}",
     "is JSON but no SBOM"},
    {"a context without a graph",
     "{\"@context\":\"https://spdx.org/rdf/3.0.1/spdx-context.jsonld\"}", "is JSON but no SBOM"},
    {"no version", "{\"bomFormat\":\"CycloneDX\"}", "without a specVersion"},
    {"a version that is none", "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"x\\n\"}",
     "of no readable version"},
    {"two documents", "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"}{}",
     "is not valid JSON: parse JSON at byte 45"},
    {"broken JSON", "{\"bomFormat\":\"CycloneDX\",}", "is not valid JSON"},
    {"XML of another kind", "<?xml version=\"1.0\"?><project/>", "is XML but no SBOM"},
    {"bom in no namespace", "<bom><components/></bom>", "is XML but no SBOM"},
    {"bom in a foreign namespace", "<bom xmlns=\"http://x/\"/>", "is XML but no SBOM"},
    {"another root in the namespace", "<mob " CDX_NS "/>", "is XML but no SBOM"},
    {"a version that is too long",
     "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6666666666666666\"/>", "is XML but no SBOM"},
    {"a namespace without a version", "<bom xmlns=\"http://cyclonedx.org/schema/bom/\"/>",
     "of no readable version"},
    {"a document type", "<!DOCTYPE bom [<!ENTITY a \"aaaa\">]><bom " CDX_NS ">&a;</bom>",
     "document type declaration"},
    {"broken XML", "<bom " CDX_NS "><a></b></bom>", "is not valid XML at line 1"},
    {"XML after XML", "<bom " CDX_NS "/><bom/>", "is not valid XML"},
    {"an unknown entity", "<bom " CDX_NS ">&nbsp;</bom>", "is not valid XML"},
    {"words", "Not found", "neither JSON, XML nor SPDX tag-value"},
    {"a header-like text", "Status: 404\nReason: none\n", "neither JSON, XML nor SPDX"},
    {"a binary",
     "\x7f"
     "ELF\x02\x01\x01",
     "neither JSON, XML nor SPDX"},
    {"an archive", "PK\x03\x04", "is binary data"},
    {"compressed", "\x1f\x8b\x08", "is binary data"},
    {"binary within", "SPDXVersion: SPDX-2.3\nName: \x01", "is binary data"},
    {"the wrong tags first",
     "A: 1\nA: 2\nA: 3\nA: 4\nA: 5\nA: 6\nA: 7\nA: 8\nA: 9\nA: 10\nA: 11\nA: 12\nA: 13\n"
     "A: 14\nA: 15\nA: 16\nSPDXVersion: SPDX-2.3\n",
     "neither JSON, XML nor SPDX"},
    {"a line without a tag", "SPDXVersion: SPDX-2.3\nhello there\n", "tag-value at line 2"},
    {"something after </text>", "SPDXVersion: SPDX-2.3\nA: <text>x</text>y\n", "at line 2"},
    {"SPDX 1", "SPDXVersion: SPDX-1.2\n", "older than the first known version"},
};

static void expect_refused(size_t i, size_t step)
{
    struct sbom_facts facts = {0};
    struct err err = {0};

    if (facts_of(refused[i].text, strlen(refused[i].text), step, &facts, &err))
        fail_msg("%s: taken", refused[i].why);
    if (err.kind != ERR_DATA || !strstr(err.message, refused[i].want))
        fail_msg("%s: \"%s\", want \"%s\"", refused[i].why, err.message, refused[i].want);
}

static void what_is_no_sbom_is_refused_in_plain_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        expect_refused(i, 1);
        expect_refused(i, 5);
        expect_refused(i, 4096);
    }
}

static void small_valid_documents_are_taken(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        int64_t components;
    } rows[] = {
        {"a byte order mark", "\xef\xbb\xbf{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"}",
         0},
        {"blanks in front",
         "                              \n{\"bomFormat\":\"CycloneDX\","
         "\"specVersion\":\"1.6\",\"components\":[{}]}",
         1},
        {"the mark comes last",
         "{\"components\":[{},{}],\"packages\":[{}],"
         "\"specVersion\":\"1.4\",\"bomFormat\":\"CycloneDX\"}",
         2},
        {"an element that is an array is none",
         "{\"bomFormat\":\"CycloneDX\","
         "\"specVersion\":\"1.4\",\"components\":[[]]}",
         0},
        {"NUL in a text", "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.4\",\"x\":\"\\u0000\"}",
         0},
        {"a context among others",
         "{\"@context\":[\"https://x/\",\"https://spdx.org/rdf/3.0.0/c\"],"
         "\"@graph\":[{\"type\":\"software_Package\"}]}",
         1},
        {"a last line without its end", "SPDXVersion: SPDX-2.3\nPackageName: x", 1},
        {"an empty value", "SPDXVersion: SPDX-2.3\nPackageName: x\nPackageVersion:\nA:\n", 1},
        {"a value that begins like a mark", "SPDXVersion: SPDX-2.3\nA: <tex\n", 0},
        {"a text with a false end", "SPDXVersion: SPDX-2.3\nA: <text></te</text>\n", 0},
        {"XML in UTF-16, little end first",
         "\xff\xfe<\0b\0o\0m\0 \0x\0m\0l\0n\0s\0=\0'\0h\0t\0t\0p\0:\0/\0/\0c\0y\0c\0l\0o\0n\0e\0d\0"
         "x\0.\0o\0r\0g\0/\0s\0c\0h\0e\0m\0a\0/\0b\0o\0m\0/\0"
         "1\0.\0"
         "4\0'\0/\0>\0",
         0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t size = strlen(rows[i].text);
        struct sbom_facts facts = {0};
        struct err err = {0};

        if (rows[i].text[0] == '\xff')
            size = 2 + 2 * (sizeof "<bom xmlns='http://cyclonedx.org/schema/bom/1.4'/>" - 1);
        if (!facts_of(rows[i].text, size, 3, &facts, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        if (facts.components != rows[i].components)
            fail_msg("%s: %lld components", rows[i].why, (long long)facts.components);
    }
}

static bool nested(const char *open, const char *close, size_t levels, struct err *err)
{
    auto_buf struct buf buf = {.max = 1 << 20};
    struct sbom_facts facts = {0};
    bool is_xml = *open == '<';

    buf_print(&buf, "%s", is_xml ? "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'>" : "[");
    for (size_t i = 1; i < levels; i++)
        buf_print(&buf, "%s", open);
    for (size_t i = 1; i < levels; i++)
        buf_print(&buf, "%s", close);
    buf_print(&buf, "%s", is_xml ? "</bom>" : "]");
    return facts_of(buf.bytes, buf.size, buf.size, &facts, err);
}

static void depth_is_capped(void **state)
{
    struct err err = {0};

    (void)state;
    assert_true(nested("<a>", "</a>", 128, &err));
    assert_false(nested("<a>", "</a>", 129, &err));
    assert_string_equal(err.message, "is nested too deeply");
    assert_false(nested("[", "]", 128, &err));
    assert_non_null(strstr(err.message, "no SBOM")); /* read to its end */
    assert_false(nested("[", "]", 129, &err));
    assert_non_null(strstr(err.message, "nested too deeply"));
    assert_false(nested("[", "]", 100000, &err));
    assert_non_null(strstr(err.message, "nested too deeply"));
}

static void components_are_counted_at_every_depth(void **state)
{
    auto_buf struct buf buf = {.max = 1 << 20};
    struct sbom_facts facts = {0};
    struct err err = {0};

    (void)state;
    buf_print(&buf, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"");
    for (size_t i = 0; i < 60; i++)
        buf_print(&buf, ",\"components\":[{\"name\":\"%zu\"", i);
    for (size_t i = 0; i < 60; i++)
        buf_print(&buf, "}]");
    buf_print(&buf, "}");
    assert_true(facts_of(buf.bytes, buf.size, buf.size, &facts, &err));
    assert_int_equal(facts.components, 60);
}

static void an_xml_tag_without_end_does_not_fill_memory(void **state)
{
    auto_sbom_reader struct sbom_reader *reader = sbom_reader_new();
    static const char head[] = "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><a b='";
    auto_free char *filler = xcalloc(1, 65536);
    struct err err = {0};
    size_t fed = 0;

    (void)state;
    memset(filler, 'x', 65536);
    assert_true(sbom_reader_feed(reader, head, sizeof head - 1, &err));
    while (fed < 1 << 20 && sbom_reader_feed(reader, filler, 65536, &err))
        fed += 65536;
    assert_true(fed < 1 << 20);
    assert_non_null(strstr(err.message, "tag or comment over"));
}

/* before and after stand around a number that is another one in each element. */
static bool push_names(const char *before, const char *after, struct err *err)
{
    auto_sbom_reader struct sbom_reader *reader = sbom_reader_new();
    static const char head[] = "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'>";
    bool good = sbom_reader_feed(reader, head, sizeof head - 1, err);
    char text[128];

    for (unsigned i = 0; good && i < 10000; i++) {
        int size = snprintf(text, sizeof text, "%s%u%s", before, i, after);

        good = sbom_reader_feed(reader, text, (size_t)size, err);
    }
    return good;
}

static void endless_xml_names_do_not_fill_memory(void **state)
{
    static const char *const elements[][2] = {
        {"<a", "/>"}, {"<a b", "=''/>"}, {"<a xmlns:p", "='http://x/'/>"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(elements); i++) {
        struct err err = {0};

        if (push_names(elements[i][0], elements[i][1], &err))
            fail_msg("taken: %s0%s", elements[i][0], elements[i][1]);
        assert_non_null(strstr(err.message, "too many different names"));
    }
}

static void a_newer_document_changes_with_any_content(void **state)
{
    struct sbom_facts facts = fixture_facts("cdx-2.0.json");

    (void)state;
    assert_string_equal(facts.component_id, facts.content_id);
}

static void a_refused_reader_stays_refused(void **state)
{
    auto_sbom_reader struct sbom_reader *reader = sbom_reader_new();
    struct sbom_facts facts = {0};
    struct err err = {0};
    struct err again = {0};

    (void)state;
    assert_false(sbom_reader_feed(reader, "{\"a\":1,}                    ", 28, &err));
    assert_false(sbom_reader_feed(reader, "{}", 2, &again));
    assert_string_equal(again.message, err.message);
    assert_false(sbom_reader_finish(reader, &facts, &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_recognised_however_it_is_cut),
        cmocka_unit_test(a_cut_document_is_refused_at_every_byte),
        cmocka_unit_test(tag_value_is_refused_when_cut_in_a_tag_or_in_text),
        cmocka_unit_test(what_is_no_sbom_is_refused_in_plain_words),
        cmocka_unit_test(small_valid_documents_are_taken),
        cmocka_unit_test(depth_is_capped),
        cmocka_unit_test(components_are_counted_at_every_depth),
        cmocka_unit_test(an_xml_tag_without_end_does_not_fill_memory),
        cmocka_unit_test(endless_xml_names_do_not_fill_memory),
        cmocka_unit_test(a_newer_document_changes_with_any_content),
        cmocka_unit_test(a_refused_reader_stays_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
