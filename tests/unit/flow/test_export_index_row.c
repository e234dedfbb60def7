#include "test.h"

#include <jansson.h>

#include "base/auto.h"
#include "base/mem.h"
#include "flow/export_index_row.h"

enum { FETCHED_AT = 1780000000 }; /* seconds; 2026-05-28T20:26:40Z */

static const char *const columns[] = {
    "firmware_id", "name",     "vendor",       "product",     "version", "product_group",
    "format",      "kind",     "spec_version", "file",        "sha256",  "size",
    "components",  "revision", "fetched_at",   "vanished_at",
};

struct known {
    struct sbom_row sbom;
    struct firmware_row firmware;
};

static void put(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
}

/* Everything is known of it. */
static void fill(struct known *known)
{
    struct sbom_row *sbom = &known->sbom;

    *known = (struct known){
        .sbom = {.revision = 3, .components = 12, .size = 4096},
        .firmware = {.vanished_at = INT64_C(1780000001) * 1000},
    };
    put(sbom->firmware_id, sizeof sbom->firmware_id, "0f4cdd29-6d55");
    put(sbom->format, sizeof sbom->format, "default");
    put(sbom->kind, sizeof sbom->kind, "cyclonedx-json");
    put(sbom->spec_version, sizeof sbom->spec_version, "1.6");
    put(sbom->sha256, sizeof sbom->sha256, "ab12");
    sbom->fetched_at = (int64_t)FETCHED_AT * 1000 + 7;
    known->firmware.name = xstrdup("Acme-R1");
    known->firmware.vendor = xstrdup("Acme");
    known->firmware.product = xstrdup("R1");
    known->firmware.version = xstrdup("1.0");
    known->firmware.product_group = xstrdup("Default");
}

static void release(struct known *known)
{
    free(known->firmware.name);
    free(known->firmware.vendor);
    free(known->firmware.product);
    free(known->firmware.version);
    free(known->firmware.product_group);
}

typedef bool row_fn(struct buf *out, const struct export_index_row *row, struct err *err);

static void want_line(row_fn *put_row, const struct known *known, const char *file,
                      const char *want)
{
    const struct export_index_row row = {&known->sbom, &known->firmware, file};
    auto_buf struct buf out = {.max = 1 << 20};
    struct err err;

    assert_true(put_row(&out, &row, &err));
    assert_string_equal(out.bytes, want);
}

static void a_row_has_every_column_in_both_forms(void **state)
{
    struct known known;

    (void)state;
    fill(&known);
    want_line(export_index_json, &known, "R1/1.0/x.cdx.json",
              "{\"firmware_id\":\"0f4cdd29-6d55\",\"name\":\"Acme-R1\",\"vendor\":\"Acme\","
              "\"product\":\"R1\",\"version\":\"1.0\",\"product_group\":\"Default\","
              "\"format\":\"default\",\"kind\":\"cyclonedx-json\",\"spec_version\":\"1.6\","
              "\"file\":\"R1/1.0/x.cdx.json\",\"sha256\":\"ab12\",\"size\":4096,"
              "\"components\":12,\"revision\":3,\"fetched_at\":\"2026-05-28T20:26:40.007Z\","
              "\"vanished_at\":\"2026-05-28T20:26:41.000Z\"}");
    want_line(export_index_csv, &known, "R1/1.0/x.cdx.json",
              "0f4cdd29-6d55,Acme-R1,Acme,R1,1.0,Default,default,cyclonedx-json,1.6,"
              "R1/1.0/x.cdx.json,ab12,4096,12,3,2026-05-28T20:26:40.007Z,"
              "2026-05-28T20:26:41.000Z\r\n");
    release(&known);
}

static void what_is_not_known_is_null_and_an_empty_cell(void **state)
{
    struct known known;

    (void)state;
    fill(&known);
    release(&known);
    known.firmware = (struct firmware_row){0};
    known.sbom.spec_version[0] = '\0';
    known.sbom.components = -1;
    known.sbom.size = 0; /* that is known */
    want_line(export_index_json, &known, "x",
              "{\"firmware_id\":\"0f4cdd29-6d55\",\"name\":null,\"vendor\":null,"
              "\"product\":null,\"version\":null,\"product_group\":null,"
              "\"format\":\"default\",\"kind\":\"cyclonedx-json\",\"spec_version\":null,"
              "\"file\":\"x\",\"sha256\":\"ab12\",\"size\":0,"
              "\"components\":null,\"revision\":3,\"fetched_at\":\"2026-05-28T20:26:40.007Z\","
              "\"vanished_at\":null}");
    want_line(export_index_csv, &known, "x",
              "0f4cdd29-6d55,,,,,,default,cyclonedx-json,,x,ab12,0,,3,2026-05-28T20:26:40.007Z,"
              "\r\n");
}

static void the_header_has_the_names_of_the_fields(void **state)
{
    auto_buf struct buf out = {.max = 4096};
    char want[512] = "";
    struct err err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        size_t used = strlen(want);

        snprintf(want + used, sizeof want - used, "%s%s", columns[i],
                 i + 1 < COUNT_OF(columns) ? "," : "\r\n");
    }
    assert_true(export_index_csv_header(&out, &err));
    assert_string_equal(out.bytes, want);
}

/* The product's name, as the cell of a line that has nothing else of the firmware. */
static void names_are_safe_in_a_spreadsheet(void **state)
{
    static const struct {
        const char *why;
        const char *name;
        const char *want;
    } rows[] = {
        {"a plain one", "Router X", "Router X"},
        {"a comma", "a,b", "\"a,b\""},
        {"quotes", "the \"X\"", "\"the \"\"X\"\"\""},
        {"only a quote", "\"", "\"\"\"\""},
        {"a formula", "=1+1", "'=1+1"},
        {"a formula that calls out", "=HYPERLINK(\"http://x\",\"y\")",
         "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""},
        {"plus", "+1", "'+1"},
        {"minus", "-1", "'-1"},
        {"at", "@SUM(A1)", "'@SUM(A1)"},
        {"a tab", "\t=1", "'\\x09=1"},
        {"a carriage return", "\r=1", "'\\x0d=1"},
        {"a line feed", "a\nb", "a\\x0ab"},
        {"not at its beginning", "a=1", "a=1"},
        {"an apostrophe of its own", "'=1", "'=1"},
        {"control characters", "a\x1b[2Jb\x7f", "a\\x1b[2Jb\\x7f"},
        {"an umlaut, an emoji", "\xc3\xa4\xf0\x9f\x98\x80", "\xc3\xa4\xf0\x9f\x98\x80"},
        {"no UTF-8", "a\xff", "a\\xff"},
        {"a line separator", "a\xe2\x80\xa8=b", "a\\xe2\\x80\\xa8=b"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct known known;
        const struct export_index_row row = {&known.sbom, &known.firmware, "x"};
        auto_buf struct buf out = {.max = 1 << 20};
        auto_free char *want = xasprintf("0f4cdd29-6d55,Acme-R1,Acme,%s,1.0,", rows[i].want);
        struct err err;

        fill(&known);
        text_replace(&known.firmware.product, rows[i].name);
        assert_true(export_index_csv(&out, &row, &err));
        if (strncmp(out.bytes, want, strlen(want)) != 0)
            fail_msg("%s: %s", rows[i].why, out.bytes);
        release(&known);
    }
}

static void every_name_makes_good_json_on_one_line(void **state)
{
    static const struct {
        const char *why;
        const char *name;
        const char *want;
    } rows[] = {
        {"a formula is data here", "=1+1", "=1+1"},
        {"quotes and lines", "a\"b\\c\nd\x01", "a\"b\\c\nd\x01"},
        {"an umlaut", "\xc3\xa4", "\xc3\xa4"},
        {"a name that was cut within a character", "a\xc3", "a\\xc3"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct known known;
        const struct export_index_row row = {&known.sbom, &known.firmware, "x"};
        auto_buf struct buf out = {.max = 1 << 20};
        struct err err;

        fill(&known);
        text_replace(&known.firmware.name, rows[i].name);
        assert_true(export_index_json(&out, &row, &err));
        assert_null(strchr(out.bytes, '\n'));
        auto_json json_t *object = json_loads(out.bytes, JSON_REJECT_DUPLICATES, NULL);
        const char *name = json_string_value(json_object_get(object, "name"));
        if (!name || strcmp(name, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, out.bytes);
        release(&known);
    }
}

static void a_sum_is_escaped_as_coreutils_do(void **state)
{
    static const struct {
        const char *why;
        const char *file;
        const char *want;
    } rows[] = {
        {"a plain one", "R1/1.0/x.json", "ab12  R1/1.0/x.json\n"},
        {"blanks, a leading star", "*a  b", "ab12  *a  b\n"},
        {"bytes that are no UTF-8", "a\xff", "ab12  a\xff\n"},
        {"a backslash", "a\\b", "\\ab12  a\\\\b\n"},
        {"a line feed", "a\nb", "\\ab12  a\\nb\n"},
        {"a carriage return", "a\r", "\\ab12  a\\r\n"},
        {"all of them", "\\\n\r\\n", "\\ab12  \\\\\\n\\r\\\\n\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_buf struct buf out = {.max = 4096};
        struct err err;

        assert_true(export_index_sum(&out, "ab12", rows[i].file, &err));
        if (strcmp(out.bytes, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, out.bytes);
    }
}

static void a_line_over_the_bound_is_refused(void **state)
{
    struct known known;
    const struct export_index_row row = {&known.sbom, &known.firmware, "x"};

    (void)state;
    fill(&known);
    for (size_t max = 0; max < 100; max++) {
        auto_buf struct buf out = {.max = max};
        struct err err = {.kind = ERR_OK};

        assert_false(export_index_csv(&out, &row, &err));
        assert_int_equal(err.kind, ERR_PROTOCOL);
        buf_clear(&out);
        assert_false(export_index_json(&out, &row, &err));
        buf_clear(&out);
        assert_false(export_index_csv_header(&out, &err));
        buf_clear(&out);
        assert_int_equal(export_index_sum(&out, "ab12", "a\\b", &err), max >= 12);
    }
    release(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_has_every_column_in_both_forms),
        cmocka_unit_test(what_is_not_known_is_null_and_an_empty_cell),
        cmocka_unit_test(the_header_has_the_names_of_the_fields),
        cmocka_unit_test(names_are_safe_in_a_spreadsheet),
        cmocka_unit_test(every_name_makes_good_json_on_one_line),
        cmocka_unit_test(a_sum_is_escaped_as_coreutils_do),
        cmocka_unit_test(a_line_over_the_bound_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
