/* Which spellings are the same component, seen as a comparison of two documents shows it. */
#include "test.h"

#include "list_fixture.h"

static const struct {
    const char *why;
    const char *one;
    const char *other;
    bool same;
} rows[] = {
    {"version", "pkg:deb/debian/zlib@1", "pkg:deb/debian/zlib@2", true},
    {"a version with slashes", "pkg:generic/linux@refs/heads/a", "pkg:generic/linux@1", true},
    {"no version", "pkg:deb/debian/zlib", "pkg:deb/debian/zlib@2", true},
    {"qualifiers", "pkg:deb/debian/zlib@1?arch=arm64", "pkg:deb/debian/zlib@1?arch=amd64", true},
    {"an address in a qualifier", "pkg:generic/x@1?u=https://a@b/c", "pkg:generic/x@1", true},
    {"subpath", "pkg:golang/a/b@1#c/d", "pkg:golang/a/b@1", true},
    {"case of scheme and type", "PKG:Generic/x@1", "pkg:generic/x@1", true},
    {"case of a name", "pkg:generic/X", "pkg:generic/x", false},
    {"case of a name where it does not count", "pkg:github/Acme/X", "pkg:github/acme/x", true},
    {"PyPI's two spellings", "pkg:pypi/Foo_Bar@1", "pkg:pypi/foo-bar@1", true},
    {"which are two elsewhere", "pkg:generic/foo_bar", "pkg:generic/foo-bar", false},
    {"percent-encoding", "pkg:npm/%40angular/core@1", "pkg:npm/@angular/core@1", true},
    {"an unencoded scope without version", "pkg:npm/@angular/core", "pkg:npm/@angular/cli", false},
    {"an encoded slash is none", "pkg:generic/a%2Fb", "pkg:generic/a/b", false},
    {"a broken encoding stays", "pkg:generic/a%2", "pkg:generic/a%2@1", true},
    {"slashes after the scheme", "pkg://deb/debian/x", "pkg:deb/debian/x", true},
    {"empty segments", "pkg:deb//debian//x/", "pkg:deb/debian/x", true},
    {"type", "pkg:deb/x", "pkg:rpm/x", false},
    {"a type that begins alike", "pkg:deb/x", "pkg:debian/x", false},
    {"namespace", "pkg:deb/debian/x", "pkg:deb/ubuntu/x", false},
    {"name", "pkg:deb/debian/x", "pkg:deb/debian/y", false},
    {"no purl at all", "zlib", "zlib", true},
    {"no purl at all, another one", "zlib@1", "zlib@2", false},

    {"CPE: version and update", "cpe:2.3:a:b:c:1:r1:*:*:*:*:*:*", "cpe:2.3:a:b:c:2:r2:*:*:*:*:*:*",
     true},
    {"CPE: 2.2", "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*", "cpe:/a:b:c:2", true},
    {"CPE: 2.2 with update", "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*", "cpe:/a:b:c:2:r3", true},
    {"CPE: case", "cpe:2.3:a:B:C:1", "cpe:2.3:a:b:c:1", true},
    {"CPE: quoting of both", "cpe:2.3:a:b:c\\\\+\\\\+:1", "cpe:/a:b:c%2b%2b:1", true},
    {"CPE: a quoted colon", "cpe:2.3:a:b:c\\\\:d:1", "cpe:2.3:a:b:c:d", false},
    {"CPE: edition", "cpe:2.3:a:b:c:1:*:pro", "cpe:2.3:a:b:c:1:*:home", false},
    {"CPE: part", "cpe:2.3:a:b:c:1", "cpe:2.3:o:b:c:1", false},
    {"CPE: vendor", "cpe:2.3:a:b:c:1", "cpe:2.3:a:x:c:1", false},
    {"CPE: product", "cpe:2.3:a:b:c:1", "cpe:2.3:a:b:x:1", false},
    {"CPE: none", "cpe:3:a:b:c:1", "cpe:3:a:b:c:2", false},
};

/* Whether the second is a version (or nothing) of the first, and not another component. */
static bool are_same(const char *one, const char *other)
{
    auto_listed struct listed before = listed_components(one);
    auto_listed struct listed after = listed_components(other);
    struct sbom_diff_counts counts;
    struct err err = {0};

    if (!before.list || !after.list)
        fail_msg("%s, %s: %s%s", one, other, before.err.message, after.err.message);
    assert_true(sbom_diff(before.list, after.list, NULL, NULL, &counts, &err));
    assert_int_equal(counts.added, counts.removed);
    return counts.added == 0;
}

static void spellings_of_one_component(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_cpe = strncmp(rows[i].one, "cpe", 3) == 0;
        auto_buf struct buf one = {.max = 4096};
        auto_buf struct buf other = {.max = 4096};

        /* the names differ: they do not count beside what is looked at */
        buf_print(&one, "{\"name\":\"n\",\"%s\":\"%s\"}", is_cpe ? "cpe" : "purl", rows[i].one);
        buf_print(&other, "{\"name\":\"m\",\"%s\":\"%s\"}", is_cpe ? "cpe" : "purl", rows[i].other);
        if (are_same(one.bytes, other.bytes) != rows[i].same)
            fail_msg("%s: %s and %s", rows[i].why, rows[i].one, rows[i].other);
    }
}

static void by_name_group_and_supplier(void **state)
{
    static const struct {
        const char *why;
        const char *one;
        const char *other;
        bool same;
    } names[] = {
        {"version", "\"name\":\"a\",\"version\":\"1\"", "\"name\":\"a\",\"version\":\"2\"", true},
        {"name", "\"name\":\"a\"", "\"name\":\"b\"", false},
        {"group", "\"name\":\"a\"", "\"name\":\"a\",\"group\":\"g\"", false},
        {"what is group, what name", "\"group\":\"a\",\"name\":\"bc\"",
         "\"group\":\"ab\",\"name\":\"c\"", false},
        {"supplier", "\"name\":\"a\",\"supplier\":{\"name\":\"x\"}",
         "\"name\":\"a\",\"supplier\":{\"name\":\"y\"}", false},
        {"the supplier's address", "\"name\":\"a\",\"supplier\":{\"name\":\"x\",\"url\":[\"u\"]}",
         "\"name\":\"a\",\"supplier\":{\"name\":\"x\"}", true},
        {"the supplier's people",
         "\"name\":\"a\",\"supplier\":{\"contact\":[{\"name\":\"Al\"}],\"name\":\"x\"}",
         "\"name\":\"a\",\"supplier\":{\"contact\":[{\"name\":\"Bo\"}],\"name\":\"x\"}", true},
        {"publisher in its place", "\"name\":\"a\",\"supplier\":{\"name\":\"x\"}",
         "\"name\":\"a\",\"publisher\":\"x\"", true},
        {"publisher beside it", "\"name\":\"a\",\"supplier\":{\"name\":\"x\"},\"publisher\":\"p\"",
         "\"name\":\"a\",\"supplier\":{\"name\":\"x\"},\"publisher\":\"q\"", true},
        {"a name is no purl", "\"name\":\"a\"", "\"name\":\"a\",\"purl\":\"a\"", false},
        {"a CPE is no purl", "\"cpe\":\"a\"", "\"purl\":\"a\"", false},
        {"a purl comes before a CPE", "\"purl\":\"pkg:a/b\",\"cpe\":\"cpe:/a:b:c\"",
         "\"purl\":\"pkg:a/b\",\"cpe\":\"cpe:/a:b:d\"", true},
        {"an empty purl is none", "\"name\":\"a\",\"purl\":\"\"", "\"name\":\"a\"", true},
        {"null is none", "\"name\":\"a\",\"purl\":null", "\"name\":\"a\"", true},
        {"a pedigree is another thing", "\"name\":\"a\",\"pedigree\":{\"name\":\"b\"}",
         "\"name\":\"a\"", true},
        {"what is nested is another component", "\"name\":\"a\",\"components\":[{\"name\":\"b\"}]",
         "\"components\":[{\"name\":\"b\"}],\"name\":\"a\"", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        auto_buf struct buf one = {.max = 4096};
        auto_buf struct buf other = {.max = 4096};

        buf_print(&one, "{%s}", names[i].one);
        buf_print(&other, "{%s}", names[i].other);
        if (are_same(one.bytes, other.bytes) != names[i].same)
            fail_msg("%s", names[i].why);
    }
}

static struct listed spdx_package(const char *supplier, const char *refs)
{
    auto_buf struct buf buf = {.max = 1 << 16};

    buf_print(&buf,
              "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{\"name\":\"a\",\"supplier\":\"%s\","
              "\"externalRefs\":[%s]}]}",
              supplier, refs);
    return listed_text(buf.bytes, buf.size);
}

static void suppliers_of_spdx_are_those_of_cyclonedx(void **state)
{
    static const struct {
        const char *why;
        const char *supplier;
        const char *component;
        bool same;
    } suppliers[] = {
        {"an organisation", "Organization: Acme", "\"supplier\":{\"name\":\"Acme\"}", true},
        {"a person with an address", "Person: Jo (jo@x.example)", "\"supplier\":{\"name\":\"Jo\"}",
         true},
        {"an empty address", "Organization: Acme ()", "\"supplier\":{\"name\":\"Acme\"}", true},
        {"not known", "NOASSERTION", "\"version\":\"\"", true},
        {"none", "", "\"version\":\"\"", true},
        {"another one", "Organization: Acme", "\"supplier\":{\"name\":\"Acm\"}", false},
        {"nothing but the word", "Organization:", "\"version\":\"\"", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(suppliers); i++) {
        auto_buf struct buf component = {.max = 4096};

        buf_print(&component, "{\"name\":\"a\",%s}", suppliers[i].component);
        auto_listed struct listed spdx = spdx_package(suppliers[i].supplier, "");
        auto_listed struct listed cyclonedx = listed_components(component.bytes);
        expect_differences(suppliers[i].why, &spdx, &cyclonedx,
                           suppliers[i].same ? "" : "-a \n+a \n");
    }
}

#define REF(type, locator) "{\"referenceType\":\"" type "\",\"referenceLocator\":\"" locator "\"}"

static void references_identify_in_any_order(void **state)
{
    static const struct {
        const char *why;
        const char *one;
        const char *other;
        const char *want;
    } refs[] = {
        {"two CPEs", REF("cpe23Type", "cpe:2.3:a:a:b:1") "," REF("cpe23Type", "cpe:2.3:a:c:b:1"),
         REF("cpe23Type", "cpe:2.3:a:c:b:1") "," REF("cpe23Type", "cpe:2.3:a:a:b:1"), ""},
        {"a purl among CPEs", REF("cpe23Type", "cpe:2.3:a:a:b:1") "," REF("purl", "pkg:a/b@1"),
         REF("purl", "pkg:a/b@2"), "~a 1 > 2\n"},
        {"the type after the locator",
         "{\"referenceLocator\":\"pkg:a/b@1\",\"referenceType\":\"purl\"}",
         REF("purl", "pkg:a/b@2"), "~a 1 > 2\n"},
        {"other references do not count", REF("gitoid", "x"), REF("gitoid", "y"), ""},
        {"a locator of the reference before", REF("purl", "pkg:a/b@1"),
         REF("purl", "pkg:a/b@2") ",{\"referenceType\":\"purl\"}", "~a 1 > 2\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refs); i++) {
        auto_listed struct listed one = spdx_package("Acme", refs[i].one);
        auto_listed struct listed other = spdx_package("Acme", refs[i].other);

        expect_differences(refs[i].why, &one, &other, refs[i].want);
    }
}

static void a_long_purl_is_known_by_its_beginning(void **state)
{
    auto_buf struct buf one = {.max = 1 << 16};
    auto_buf struct buf other = {.max = 1 << 16};

    (void)state;
    buf_print(&one, "{\"purl\":\"pkg:generic/a@1?x=%5000s\"}", "y");
    buf_print(&other, "{\"purl\":\"pkg:generic/a@2?x=%9000s\"}", "y");
    assert_true(are_same(one.bytes, other.bytes));
    buf_clear(&one);
    buf_clear(&other);
    buf_print(&one, "{\"purl\":\"pkg:generic/a%5000s@1\"}", "y");
    buf_print(&other, "{\"purl\":\"pkg:generic/a%5000s@1\"}", "z");
    assert_false(are_same(one.bytes, other.bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_one_component),
        cmocka_unit_test(by_name_group_and_supplier),
        cmocka_unit_test(suppliers_of_spdx_are_those_of_cyclonedx),
        cmocka_unit_test(references_identify_in_any_order),
        cmocka_unit_test(a_long_purl_is_known_by_its_beginning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
