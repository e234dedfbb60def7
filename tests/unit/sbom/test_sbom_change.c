/* What makes two documents say the same, and what a change is. */
#include "test.h"

#include "sbom_fixture.h"

static void a_new_export_of_the_same_thing_has_the_same_ids(void **state)
{
    static const char *const pairs[][2] = {
        {"cdx-1.6.json", "cdx-1.6-again.json"},       {"cdx-1.6.xml", "cdx-1.6-again.xml"},
        {"spdx-2.3.json", "spdx-2.3-again.json"},     {"spdx-2.3.spdx", "spdx-2.3-again.spdx"},
        {"spdx-3.0.1.json", "spdx-3.0.1-again.json"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        struct sbom_facts a = fixture_facts(pairs[i][0]);
        struct sbom_facts b = fixture_facts(pairs[i][1]);

        if (strcmp(a.content_id, b.content_id) != 0)
            fail_msg("%s and %s differ in content", pairs[i][0], pairs[i][1]);
        if (strcmp(a.component_id, b.component_id) != 0)
            fail_msg("%s and %s differ in components", pairs[i][0], pairs[i][1]);
    }
}

/* The fixture with the first `from` replaced. */
static struct sbom_facts edited_facts(const char *name, const char *from, const char *to)
{
    auto_buf struct buf buf = fixture_load(name);
    auto_buf struct buf edited = {.max = 1 << 20};
    const char *at = strstr(buf.bytes, from);
    struct sbom_facts facts = {0};
    struct err err = {0};

    if (!at) {
        fail_msg("%s has no %s", name, from);
        abort();
    }
    buf_print(&edited, "%.*s%s%s", (int)(at - buf.bytes), buf.bytes, to, at + strlen(from));
    if (!facts_of(edited.bytes, edited.size, edited.size, &facts, &err))
        fail_msg("%s with %s: %s", name, to, err.message);
    return facts;
}

enum change { NOTHING, CONTENT, COMPONENTS }; /* the latter changes the content too */

static const struct {
    const char *why;
    const char *name;
    const char *from;
    const char *to;
    enum change want;
} changes[] = {
    {"the serial number", "cdx-1.6.json", "urn:uuid:3e", "urn:uuid:4e", NOTHING},
    {"the document's version", "cdx-1.6.json", "\"version\": 1,", "\"version\": 7,", NOTHING},
    {"the timestamp", "cdx-1.6.json", "2026-03-01", "2026-03-09", NOTHING},
    {"a bom-ref that is a UUID", "cdx-1.6.json", "\"d29b6f0e-", "\"a29b6f0e-", NOTHING},
    {"a UUID in capitals", "cdx-1.6.json", "\"d29b6f0e-1c1f", "\"D29B6F0E-1C1F", NOTHING},
    {"a licence's bom-ref", "cdx-1.6.json", "\"l-1\"", "\"l-2\"", NOTHING},
    {"how a character is escaped", "cdx-1.6.json", "\"openssl\"", "\"open\\u0073sl\"", NOTHING},
    {"a bom-ref that is a name", "cdx-1.6.json", "\"vuln-1\"", "\"vuln-2\"", CONTENT},
    {"the assessment (VEX)", "cdx-1.6.json", "not_affected", "exploitable", CONTENT},
    {"another vulnerability", "cdx-1.6.json", "CVE-2024-0727", "CVE-2024-5535", CONTENT},
    {"a tool's version", "cdx-1.6.json", "\"4.2.0\"", "\"4.2.1\"", CONTENT},
    {"the firmware's own version", "cdx-1.6.json", "\"7.3.1\"", "\"7.3.2\"", CONTENT},
    {"a property", "cdx-1.6.json", "libssl.so.3", "libssl.so.4", CONTENT},
    {"a dependency", "cdx-1.6.json", "\"dependsOn\": []", "\"dependsOn\": [\"x\"]", CONTENT},
    {"the specification's version", "cdx-1.6.json", "\"1.6\"", "\"1.5\"", CONTENT},
    {"a component's type", "cdx-1.6.json", "\"library\"", "\"framework\"", CONTENT},
    {"the name beside a purl", "cdx-1.6.json", "\"openssl\"", "\"OpenSSL\"", CONTENT},
    {"the CPE beside a purl", "cdx-1.6.json", "cpe:2.3:a:openssl", "cpe:2.3:a:x", CONTENT},
    {"the name beside a CPE", "cdx-1.6.json", "\"linux\"", "\"Linux\"", CONTENT},
    {"a purl", "cdx-1.6.json", "pkg:generic/openssl@", "pkg:generic/libssl@", COMPONENTS},
    {"a CPE without a purl", "cdx-1.6.json", "cpe:2.3:o:linux", "cpe:2.3:o:x", COMPONENTS},
    {"a name without either", "cdx-1.6.json", "\"updater\"", "\"Updater\"", COMPONENTS},
    {"a group", "cdx-1.6.json", "com.acme", "com.acme.x", COMPONENTS},
    {"a supplier", "cdx-1.6.json", "{\"name\": \"Acme\"},\n      \"group\"",
     "{\"name\": \"Acme AG\"},\n      \"group\"", COMPONENTS},
    {"a version", "cdx-1.6.json", "\"3.0.13\"", "\"3.0.14\"", COMPONENTS},
    {"a nested component's version", "cdx-1.6.json", "\"1.5.5\"", "\"1.5.6\"", COMPONENTS},
    {"one two levels down", "cdx-1.6.json", "ehled", "eled", COMPONENTS},
    {"a licence id", "cdx-1.6.json", "Apache-2.0", "Apache-1.1", COMPONENTS},
    {"a licence expression", "cdx-1.6.json", "BSD-3-Clause OR", "BSD-3-Clause AND", COMPONENTS},
    {"a licence text", "cdx-1.6.json", "Do not sell", "Do sell", COMPONENTS},
    {"a hash", "cdx-1.6.json", "c15e53", "c15e54", COMPONENTS},
    {"a hash of another algorithm", "cdx-1.6.json", "\"MD5\"", "\"SHA-1\"", COMPONENTS},
    {"one component more", "cdx-1.6.json", "\"components\": [\n    {",
     "\"components\": [{\"name\": \"x\"},\n    {", COMPONENTS},
    {"a string is no number", "cdx-1.6.json", "\"score\": 5.5", "\"score\": \"5.5\"", CONTENT},
    {"null is not absent", "cdx-1.6.json", "\"score\": 5.5", "\"score\": null", CONTENT},

    {"XML: serial number", "cdx-1.6.xml", "urn:uuid:3e", "urn:uuid:4e", NOTHING},
    {"XML: timestamp", "cdx-1.6.xml", "2026-03-01", "2026-03-09", NOTHING},
    {"XML: the prefix is no content", "cdx-1.6.xml", "<!-- a firmware", "<!-- the", NOTHING},
    {"XML: analysis", "cdx-1.6.xml", "in_triage", "resolved", CONTENT},
    {"XML: a dependency", "cdx-1.6.xml", "ref=\"kernel\"", "ref=\"root\"", CONTENT},
    {"XML: a name beside a purl", "cdx-1.6.xml", ">openssl<", ">ssl<", CONTENT},
    {"XML: version", "cdx-1.6.xml", ">3.0.13<", ">3.0.14<", COMPONENTS},
    {"XML: nested version", "cdx-1.6.xml", ">1.5.5<", ">1.5.6<", COMPONENTS},
    {"XML: licence", "cdx-1.6.xml", "Apache-2.0", "MIT", COMPONENTS},
    {"XML: hash", "cdx-1.6.xml", "ef8128", "ef8129", COMPONENTS},
    {"XML: a hash's attribute", "cdx-1.6.xml", "SHA-1", "SHA-2", COMPONENTS},
    {"XML 1.1: a vulnerability in a component", "cdx-1.1.xml", "42363", "42364", CONTENT},

    {"SPDX: namespace", "spdx-2.3.json", "/spdx/router-", "/spdx/other-", NOTHING},
    {"SPDX: created", "spdx-2.3.json", "2026-03-01", "2026-03-09", NOTHING},
    {"SPDX: a UUID in the name", "spdx-2.3.json", "7.3.1-3e", "7.3.1-4e", NOTHING},
    {"SPDX: the name", "spdx-2.3.json", "router-7.3.1", "router-7.3.2", CONTENT},
    {"SPDX: a creator", "spdx-2.3.json", "Tool: extractor", "Tool: x", CONTENT},
    {"SPDX: a file", "spdx-2.3.json", "libssl.so.3", "libssl.so.4", CONTENT},
    {"SPDX: a relationship", "spdx-2.3.json", "\"CONTAINS\"", "\"GENERATES\"", CONTENT},
    {"SPDX: a name beside a purl", "spdx-2.3.json", "\"openssl\"", "\"ssl\"", CONTENT},
    {"SPDX: a purl", "spdx-2.3.json", "pkg:generic/openssl", "pkg:generic/ssl", COMPONENTS},
    {"SPDX: a version", "spdx-2.3.json", "\"3.0.13\"", "\"3.0.14\"", COMPONENTS},
    {"SPDX: a licence", "spdx-2.3.json", "Apache-2.0", "MIT", COMPONENTS},
    {"SPDX: a licence's text", "spdx-2.3.json", "Use it.", "Leave it.", COMPONENTS},
    {"SPDX: a checksum", "spdx-2.3.json", "ef8128", "ef8129", COMPONENTS},
    {"SPDX: a name without a purl", "spdx-2.3.json", "\"updater\"", "\"up\"", COMPONENTS},

    {"tags: namespace", "spdx-2.3.spdx", "/spdx/router-", "/spdx/other-", NOTHING},
    {"tags: created", "spdx-2.3.spdx", "2026-03-01", "2026-03-09", NOTHING},
    {"tags: line ends", "spdx-2.3.spdx", "3.0.13\n", "3.0.13 \r\n", NOTHING},
    {"tags: a creator", "spdx-2.3.spdx", "Tool: extractor", "Tool: x", CONTENT},
    {"tags: a comment's second line", "spdx-2.3.spdx", "an Ä", "an Ö", CONTENT},
    {"tags: a file", "spdx-2.3.spdx", "libssl.so.3", "libssl.so.4", CONTENT},
    {"tags: a name beside a purl", "spdx-2.3.spdx", "Name: openssl", "Name: ssl", CONTENT},
    {"tags: a purl", "spdx-2.3.spdx", "pkg:generic/openssl", "pkg:generic/ssl", COMPONENTS},
    {"tags: a version", "spdx-2.3.spdx", "Version: 3.0.13", "Version: 3.0.14", COMPONENTS},
    {"tags: a licence", "spdx-2.3.spdx", "Apache-2.0", "MIT", COMPONENTS},
    {"tags: a licence's text", "spdx-2.3.spdx", "Do not </sell>", "Do </sell>", COMPONENTS},
    {"tags: a checksum", "spdx-2.3.spdx", "ef8128", "ef8129", COMPONENTS},

    {"SPDX 3: created", "spdx-3.0.1.json", "2026-03-01", "2026-03-09", NOTHING},
    {"SPDX 3: a file", "spdx-3.0.1.json", "libssl.so.3", "libssl.so.4", CONTENT},
    {"SPDX 3: another relationship", "spdx-3.0.1.json", "contains", "dependsOn", CONTENT},
    {"SPDX 3: a name beside a purl", "spdx-3.0.1.json", "\"openssl\"", "\"ssl\"", CONTENT},
    {"SPDX 3: a purl", "spdx-3.0.1.json", "pkg:generic/openssl", "pkg:generic/x", COMPONENTS},
    {"SPDX 3: a version", "spdx-3.0.1.json", "\"3.0.13\"", "\"3.0.14\"", COMPONENTS},
    {"SPDX 3: a hash", "spdx-3.0.1.json", "885257", "885258", COMPONENTS},
    {"SPDX 3: a licence", "spdx-3.0.1.json", "Apache-2.0", "MIT", COMPONENTS},
    {"SPDX 3: whose licence", "spdx-3.0.1.json",
     "openssl\", \"to\": ", "up\", \"to\": ", COMPONENTS},
};

static void what_counts_as_a_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct sbom_facts before = fixture_facts(changes[i].name);
        struct sbom_facts after = edited_facts(changes[i].name, changes[i].from, changes[i].to);
        bool content = strcmp(before.content_id, after.content_id) != 0;
        bool components = strcmp(before.component_id, after.component_id) != 0;

        if (content != (changes[i].want >= CONTENT) ||
            components != (changes[i].want == COMPONENTS))
            fail_msg("%s (%s): content %s, components %s", changes[i].why, changes[i].name,
                     content ? "changed" : "same", components ? "changed" : "same");
    }
}

/* They are in people's databases: whoever changes them makes every document look changed. */
static void ids_are_the_same_in_every_version_of_the_program(void **state)
{
    struct sbom_facts facts = fixture_facts("cdx-1.2.json");

    (void)state;
    assert_string_equal(facts.content_id,
                        "6976cb6e008b16d7bfeded4762fc1a6484673b76a293fbe1e523098a73d47c3a");
    assert_string_equal(facts.component_id,
                        "f888c55eddbb0fd02c152c39485cf39e574e489c139ac2c7f6034e6e0e55245d");
}

static void long_texts_count_to_their_last_byte(void **state)
{
    static const char head[] = "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\","
                               "\"components\":[{\"licenses\":[{\"license\":{\"text\":\"";
    static const size_t sizes[] = {4095, 4096, 4097, 100000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct sbom_facts facts[3];
        struct err err = {0};

        for (size_t j = 0; j < 3; j++) {
            auto_buf struct buf buf = {.max = 1 << 20};

            assert_true(buf_add_text(&buf, head, &err));
            for (size_t k = 0; k < sizes[i]; k++)
                assert_true(buf_add(&buf, "-", 1, &err));
            buf_print(&buf, "%c\"}}]}]}", j == 2 ? 'y' : 'x');
            assert_true(facts_of(buf.bytes, buf.size, j == 1 ? 13 : buf.size, &facts[j], &err));
        }
        assert_string_equal(facts[0].component_id, facts[1].component_id);
        assert_string_not_equal(facts[0].component_id, facts[2].component_id);
    }
}

static void a_long_text_in_xml_and_tags_counts_too(void **state)
{
    static const char *const heads[] = {
        "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><components><component><licenses><text>",
        "SPDXVersion: SPDX-2.3\nPackageName: x\nPackageLicenseDeclared: <text>"};
    static const char *const tails[] = {"</text></licenses></component></components></bom>",
                                        "</text>\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct sbom_facts facts[3];
        struct err err = {0};

        for (size_t j = 0; j < 3; j++) {
            auto_buf struct buf buf = {.max = 1 << 20};

            buf_print(&buf, "%s%20000s%c%s", heads[i], "x", j == 2 ? 'y' : 'z', tails[i]);
            assert_true(facts_of(buf.bytes, buf.size, j == 1 ? 11 : buf.size, &facts[j], &err));
        }
        assert_string_equal(facts[0].component_id, facts[1].component_id);
        assert_string_not_equal(facts[0].component_id, facts[2].component_id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_export_of_the_same_thing_has_the_same_ids),
        cmocka_unit_test(what_counts_as_a_change),
        cmocka_unit_test(ids_are_the_same_in_every_version_of_the_program),
        cmocka_unit_test(long_texts_count_to_their_last_byte),
        cmocka_unit_test(a_long_text_in_xml_and_tags_counts_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
