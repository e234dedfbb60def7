#include "test.h"

#include "base/auto.h"
#include "base/digest.h"
#include "base/path_name.h"
#include "base/printable.h"

static const char *const names[] = {"product", "version", "id", "ext", NULL};

/* What the platform says of one firmware. */
struct values {
    const char *product;
    const char *version;
};

static const char *on_lookup(void *owner, const char *name)
{
    const struct values *values = owner;

    if (strcmp(name, "product") == 0)
        return values->product;
    if (strcmp(name, "version") == 0)
        return values->version;
    return strcmp(name, "id") == 0 ? "5f2c" : "cdx.json";
}

/* The mark is a piece of the SHA-256 of what the name was; the table leaves it out. */
static void expect_name(const char *why, const char *text, const char *want, bool is_marked)
{
    char hex[DIGEST_HEX_SIZE];
    char expected[PATH_NAME_MAX_BYTES + 1];
    auto_free char *name = path_name_new(text);

    digest_of(text, strlen(text), hex);
    hex[8] = '\0';
    snprintf(expected, sizeof expected, is_marked ? "%s-%s" : "%s", want, hex);
    if (strcmp(name, expected) != 0)
        fail_msg("%s: \"%s\", want \"%s\"", why, name, expected);
}

static void a_safe_name_stays_and_any_other_is_repaired_and_marked(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
        bool is_marked;
    } rows[] = {
        {"a plain name", "Router X-1.0", "Router X-1.0", false},
        {"umlauts and emoji are printable", "Gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\x80",
         "Gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\x80", false},
        {"dots and dashes inside are fine", "a..b--c", "a..b--c", false},
        {"shell characters are only text", "$(rm -rf *)", "$(rm -rf *)", false},
        {"nothing is the one short name", "", "_", false},
        {"a slash separates", "a/b", "a_b", true},
        {"the way up", "..", "__", true},
        {"the folder itself", ".", "_", true},
        {"the way up, further", "../../etc/passwd", "_._.._etc_passwd", true},
        {"hidden", ".ssh", "_ssh", true},
        {"looks like an option", "-rf", "_rf", true},
        {"blanks at the end vanish on some systems", "x  ", "x__", true},
        {"dots at the end too", "x. .", "x___", true},
        {"line breaks and escapes", "a\nb\x1b[2J", "a_b_[2J", true},
        {"not UTF-8", "a\xff\xc3", "a__", true},
        {"an overlong slash", "a\xc0\xaf", "a__", true},
        {"a mark that turns the line around", "a\xe2\x80\x8f", "a___", true},
        {"what nothing becomes is taken", "_", "_", true},
        {"a version with a date is no mark", "2.0-20241105", "2.0-20241105", false},
        {"what only looks like a mark", "a_b-c14cddcx", "a_b-c14cddcx", false},
        {"what another could become is marked itself", "a_b-c14cddc0", "a_b-c14cddc0", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect_name(rows[i].why, rows[i].text, rows[i].want, rows[i].is_marked);
}

static void the_documented_marks_hold(void **state)
{
    auto_free char *slash = path_name_new("a/b");
    auto_free char *up = path_name_new("..");

    (void)state;
    assert_string_equal(slash, "a_b-c14cddc0");
    assert_string_equal(up, "__-5ec1f7e7");
}

static void a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        char text[400] = "xxx";

        for (size_t at = shift; at + 4 < 300; at += 4)
            memcpy(text + at, "\xf0\x9f\x9a\x80", 5);
        auto_free char *name = path_name_new(text);
        size_t size = strlen(name);

        assert_true(size <= PATH_NAME_MAX_BYTES && size >= PATH_NAME_MAX_BYTES - 3);
        assert_true(printable_is(name));
    }
}

static void names_at_the_cap_never_meet(void **state)
{
    char text[PATH_NAME_MAX_BYTES + 2];

    (void)state;
    memset(text, 'x', sizeof text);
    text[PATH_NAME_MAX_BYTES] = '\0';
    auto_free char *fits = path_name_new(text);
    text[PATH_NAME_MAX_BYTES] = 'x';
    text[PATH_NAME_MAX_BYTES + 1] = '\0';
    auto_free char *cut = path_name_new(text);
    auto_free char *imitation = path_name_new(cut);

    assert_int_equal(strlen(fits), PATH_NAME_MAX_BYTES);
    assert_int_equal(strlen(cut), PATH_NAME_MAX_BYTES);
    assert_string_not_equal(fits, cut);
    assert_string_not_equal(imitation, cut);
}

static void every_repaired_name_is_safe_and_of_its_own(void **state)
{
    static const char bytes[] = "a./- _\n\xc3\xbc\xff,0";
    enum { COUNT = 3000 };
    char **seen = calloc(COUNT, sizeof(char *));

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        char text[8] = {0};

        /* The base-12 digits of i spell the text: all are different. */
        for (size_t rest = i + 1, at = 0; rest > 0; rest /= 12)
            text[at++] = bytes[rest % 12];
        seen[i] = path_name_new(text);
        assert_true(printable_is(seen[i]));
        assert_null(strchr(seen[i], '/'));
        assert_true(seen[i][0] != '.' && seen[i][0] != '-' && seen[i][0] != '\0');
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(seen[i], seen[j]) == 0)
                fail_msg("two names share \"%s\"", seen[i]);
        }
    }
    for (size_t i = 0; i < COUNT; i++)
        free(seen[i]);
    free(seen);
}

static void a_path_template_is_filled_below_one_folder(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        struct values values;
        const char *want;
    } rows[] = {
        {"the default",
         "{product}/{version}/{id}.{ext}",
         {"Router", "1.0"},
         "Router/1.0/5f2c.cdx.json"},
        {"a value's slash does not separate", "{product}/{id}", {"a/b", NULL}, "a_b-c14cddc0/5f2c"},
        {"a value can not lead up", "{product}/{id}", {"..", NULL}, "__-5ec1f7e7/5f2c"},
        {"a value that is missing", "{product}/{version}/{id}", {"R", NULL}, "R/_/5f2c"},
        {"an empty value", "{product}/{version}/{id}", {"R", ""}, "R/_/5f2c"},
        {"text around values", "sbom-{id}/all.{ext}", {NULL, NULL}, "sbom-5f2c/all.cdx.json"},
        {"dots beside a value", "..{product}", {"x", NULL}, "..x"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct values values = rows[i].values;
        struct err err;
        auto_template struct template *template = template_new(rows[i].text, names, &err);

        assert_non_null(template);
        auto_free char *path = path_name_fill(template, on_lookup, &values, &err);

        if (!path || strcmp(path, rows[i].want) != 0)
            fail_msg("%s: \"%s\"", rows[i].why, path ? path : err.message);
    }
}

static void a_template_that_leads_elsewhere_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"absolute", "/srv/{id}", "absolute"},
        {"empty", "", "nothing between two slashes"},
        {"an empty component", "a//{id}", "nothing between two slashes"},
        {"a folder", "a/{id}/", "behind the last one"},
        {"the way up", "../{id}", "\"..\" between slashes"},
        {"the way up inside", "{product}/../{id}", "\"..\" between slashes"},
        {"the folder itself", "./{id}", "\".\""},
        {"a line break", "a\n{id}", "control characters"},
        {"not UTF-8", "\xff{id}", "not UTF-8"},
        {"no room for values", "{id}{id}{id}{id}{id}{id}{id}{id}{id}", "too long"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct values values = {"p", "v"};
        struct err err;
        auto_template struct template *template = template_new(rows[i].text, names, &err);

        assert_non_null(template);
        assert_null(path_name_fill(template, on_lookup, &values, &err));
        if (err.kind != ERR_CONFIG || !strstr(err.message, rows[i].want))
            fail_msg("%s: %s", rows[i].why, err.message);
        assert_false(path_name_check(template, &err));
    }
}

static void a_template_with_a_part_over_255_bytes_is_refused(void **state)
{
    char text[PATH_NAME_COMPONENT_MAX_BYTES + 6];
    struct err err;

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text + PATH_NAME_COMPONENT_MAX_BYTES, "/{id}", 6);
    auto_template struct template *template = template_new(text, names, &err);
    assert_non_null(template);
    assert_false(path_name_check(template, &err));
    assert_non_null(strstr(err.message, "too long"));
}

static void long_values_share_their_component(void **state)
{
    char text[1000];
    struct values values = {text, text};
    struct err err;
    auto_template struct template *template =
        template_new("{product}-{version}.{ext}", names, &err);

    (void)state;
    memset(text, 'p', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    auto_free char *path = path_name_fill(template, on_lookup, &values, &err);

    assert_non_null(path);
    assert_true(strlen(path) <= PATH_NAME_COMPONENT_MAX_BYTES);
    assert_string_equal(path + strlen(path) - strlen(".cdx.json"), ".cdx.json");
}

static void a_path_over_the_cap_is_refused(void **state)
{
    char text[1000];
    struct values values = {text, text};
    struct err err;
    auto_template struct template *template = template_new(
        "{product}/{version}/{product}/{version}/{product}/{version}/{id}", names, &err);

    (void)state;
    memset(text, 'p', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_true(path_name_check(template, &err));
    assert_null(path_name_fill(template, on_lookup, &values, &err));
    assert_non_null(strstr(err.message, "over 1024 bytes"));
    assert_int_equal(err.kind, ERR_INPUT);
}

static void a_path_is_split_into_its_parts(void **state)
{
    static const struct {
        const char *path, *dir, *file, *stem, *ext;
    } rows[] = {
        {"a/b/fw.tar.gz", "a/b", "fw.tar.gz", "fw.tar", "gz"},
        {"fw.bin", "", "fw.bin", "fw", "bin"},
        {"a/image", "a", "image", "image", ""},
        {"a.d/image", "a.d", "image", "image", ""},
        {"a/.hidden", "a", ".hidden", ".hidden", ""},
        {"end.", "", "end.", "end", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_path_name_parts struct path_name_parts parts;

        path_name_split(rows[i].path, &parts);
        assert_string_equal(parts.dir, rows[i].dir);
        assert_string_equal(parts.file, rows[i].file);
        assert_string_equal(parts.stem, rows[i].stem);
        assert_string_equal(parts.ext, rows[i].ext);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_safe_name_stays_and_any_other_is_repaired_and_marked),
        cmocka_unit_test(the_documented_marks_hold),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(names_at_the_cap_never_meet),
        cmocka_unit_test(every_repaired_name_is_safe_and_of_its_own),
        cmocka_unit_test(a_path_template_is_filled_below_one_folder),
        cmocka_unit_test(a_template_that_leads_elsewhere_is_refused),
        cmocka_unit_test(a_template_with_a_part_over_255_bytes_is_refused),
        cmocka_unit_test(long_values_share_their_component),
        cmocka_unit_test(a_path_over_the_cap_is_refused),
        cmocka_unit_test(a_path_is_split_into_its_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
