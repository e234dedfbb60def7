#include "test.h"

#include "base/auto.h"
#include "watch/rule.h"

static const char *const include[] = {"**/*.bin", "**/*.wic*", "**/README"};
static const char *const exclude[] = {"**/sdk/**", "old", "a/*.bin"};

static struct rule_set *documented_rules(void)
{
    const struct rule_options options = {
        .include = include,
        .include_count = COUNT_OF(include),
        .exclude = exclude,
        .exclude_count = COUNT_OF(exclude),
        .marker = "{path}.done",
        .sidecar = "{path}.onekey.yaml",
        .attachment = "{dir}/{stem}.cdx.json",
    };
    struct err err;
    struct rule_set *set = rule_set_new(&options, &err);

    if (!set)
        fail_msg("%s", err.message);
    return set;
}

static void every_verdict_names_its_rule(void **state)
{
    static const struct {
        const char *why;
        const char *path;
        enum rule_kind kind;
        enum rule_verdict want;
        const char *text;
    } rows[] = {
        {"an image", "p/1/x.bin", RULE_FILE, RULE_TAKE, "included by **/*.bin"},
        {"an image at the top", "x.wic.gz", RULE_FILE, RULE_TAKE, "included by **/*.wic*"},
        {"another file", "x.txt", RULE_FILE, RULE_IGNORE, "not matched by any include"},
        {"excluded by its folder", "q/sdk/x.bin", RULE_FILE, RULE_IGNORE, "excluded by **/sdk/**"},
        {"excluded by itself", "a/x.bin", RULE_FILE, RULE_IGNORE, "excluded by a/*.bin"},
        {"below an excluded folder", "old/b/x.bin", RULE_FILE, RULE_IGNORE, "excluded by old"},
        {"a name that only begins so", "older/x.bin", RULE_FILE, RULE_TAKE, "included by **/*.bin"},
        {"hidden", "a/.x.bin", RULE_FILE, RULE_IGNORE, "dotfile"},
        {"hidden at the top", ".x.bin", RULE_FILE, RULE_IGNORE, "dotfile"},
        {"in a hidden folder", "a/.git/b/x.bin", RULE_FILE, RULE_IGNORE, "below a dot-directory"},
        {"being written", "b/x.bin.part", RULE_FILE, RULE_IGNORE, "temporary name *.part"},
        {"being written too", "x.bin.tmp", RULE_FILE, RULE_IGNORE, "temporary name *.tmp"},
        {"as rclone does", "x.wic.partial", RULE_FILE, RULE_IGNORE, "temporary name *.partial"},
        {"a part of a name is no end", "b/x.part.bin", RULE_FILE, RULE_TAKE,
         "included by **/*.bin"},
        {"a marker", "x.wic.done", RULE_FILE, RULE_IGNORE, "is a marker, {path}.done"},
        {"a sidecar", "b/x.wic.onekey.yaml", RULE_FILE, RULE_IGNORE,
         "is a sidecar, {path}.onekey.yaml"},
        {"an SBOM", "b/x.wic.cdx.json", RULE_FILE, RULE_IGNORE,
         "is an SBOM attachment, {dir}/{stem}.cdx.json"},
        {"a folder", "a", RULE_DIRECTORY, RULE_TAKE, "entered"},
        {"the watched folder", "", RULE_DIRECTORY, RULE_TAKE, "entered"},
        {"a folder named like an image", "x.bin", RULE_DIRECTORY, RULE_TAKE, "entered"},
        {"an excluded folder", "q/sdk", RULE_DIRECTORY, RULE_IGNORE, "excluded by **/sdk/**"},
        {"a folder in it", "q/sdk/a", RULE_DIRECTORY, RULE_IGNORE, "excluded by **/sdk/**"},
        {"a folder excluded by name", "old", RULE_DIRECTORY, RULE_IGNORE, "excluded by old"},
        {"a hidden folder", "a/.git", RULE_DIRECTORY, RULE_IGNORE, "dotfile"},
    };
    auto_rule_set struct rule_set *set = documented_rules();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rule_judgement judgement = rule_judge(set, rows[i].path, rows[i].kind);
        auto_free char *text = rule_judgement_text(&judgement);

        if (judgement.verdict != rows[i].want || strcmp(text, rows[i].text) != 0)
            fail_msg("%s: %s", rows[i].why, text);
    }
}

static void without_rules_everything_but_the_usual_is_taken(void **state)
{
    const struct rule_options options = {0};
    struct err err;
    auto_rule_set struct rule_set *set = rule_set_new(&options, &err);

    (void)state;
    assert_non_null(set);
    assert_int_equal(rule_judge(set, "x", RULE_FILE).verdict, RULE_TAKE);
    assert_int_equal(rule_judge(set, "a/b/c.done", RULE_FILE).verdict, RULE_TAKE);
    assert_int_equal(rule_judge(set, ".x", RULE_FILE).reason, RULE_DOTFILE);
    assert_int_equal(rule_judge(set, "x.tmp", RULE_FILE).reason, RULE_TEMPORARY);
    assert_null(rule_marker_path(set, "x"));
    assert_null(rule_sidecar_path(set, "x"));
    assert_null(rule_attachment_path(set, "x"));
}

/* One template as a marker: where an image's marker lies, and is it known again there? */
static void companions_are_known_again_where_they_lie(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *image;
        const char *want;
    } rows[] = {
        {"a suffix", "{path}.done", "a/x.bin", "a/x.bin.done"},
        {"the other name of the path", "{relpath}.done", "x.bin", "x.bin.done"},
        {"in the image's folder", "{dir}/SHA256SUMS", "a/b/x.bin", "a/b/SHA256SUMS"},
        {"in the watched folder", "{dir}/SHA256SUMS", "x.bin", "SHA256SUMS"},
        {"another ending", "{dir}/{stem}.cdx.json", "a/x.tar.gz", "a/x.tar.cdx.json"},
        {"a folder of their own", "done/{relpath}", "a/x.bin", "done/a/x.bin"},
        {"beside, in a folder", "{dir}/meta/{file}.yaml", "x.bin", "meta/x.bin.yaml"},
        {"a folder for each image", "{path}.d/ready", "a/x", "a/x.d/ready"},
        {"joined names", "{dir}/{stem}{ext}-ok", "a/x.bin", "a/xbin-ok"},
        {"glob characters in it", "{path}.[ok]*", "x", "x.[ok]*"},
        {"braces in it", "{path}.{{ok}}", "x", "x.{ok}"},
        {"a backslash before a name", "a\\{file}{ext}", "x.b", "a\\x.bb"},
        {"an ending without a name's end", "{dir}/{ext}.{stem}.ok", "a/x.bin", "a/bin.x.ok"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct rule_options options = {.marker = rows[i].text};
        struct err err;
        auto_rule_set struct rule_set *set = rule_set_new(&options, &err);

        if (!set)
            fail_msg("%s: %s", rows[i].why, err.message);
        auto_free char *path = rule_marker_path(set, rows[i].image);

        if (strcmp(path, rows[i].want) != 0)
            fail_msg("%s: \"%s\"", rows[i].why, path);
        if (rule_judge(set, path, RULE_FILE).reason != RULE_MARKER)
            fail_msg("%s: not known again", rows[i].why);
        if (rule_judge(set, rows[i].image, RULE_FILE).verdict != RULE_TAKE)
            fail_msg("%s: the image is not taken", rows[i].why);
    }
}

static void the_three_companions_have_their_own_places(void **state)
{
    auto_rule_set struct rule_set *set = documented_rules();
    auto_free char *marker = rule_marker_path(set, "a/x.bin");
    auto_free char *sidecar = rule_sidecar_path(set, "a/x.bin");
    auto_free char *attachment = rule_attachment_path(set, "a/x.bin");

    (void)state;
    assert_string_equal(marker, "a/x.bin.done");
    assert_string_equal(sidecar, "a/x.bin.onekey.yaml");
    assert_string_equal(attachment, "a/x.cdx.json");
}

static void wrong_rules_are_refused_by_their_key(void **state)
{
    static const char *const bad_globs[] = {"**/*.bin", "a//b"};
    static const struct {
        const char *why;
        struct rule_options options;
        const char *want;
    } rows[] = {
        {"a wrong include",
         {.include = bad_globs, .include_count = 2},
         "include[1]: parse glob: nothing between"},
        {"a wrong exclude",
         {.exclude = bad_globs, .exclude_count = 2},
         "exclude[1]: parse glob: nothing between"},
        {"an unknown name", {.marker = "{pth}.done"}, "marker: parse template: unknown name {pth}"},
        {"a name that comes later", {.sidecar = "{product}.yaml"}, "sidecar: parse template"},
        {"the image itself", {.marker = "{path}"}, "marker: parse template: without text"},
        {"the image itself, in parts",
         {.attachment = "{dir}/{stem}.{ext}"},
         "attach_sbom.path: parse template: without text"},
        {"absolute", {.marker = "/srv/{relpath}.ok"}, "below the watched folder"},
        {"a folder", {.marker = "{path}.d/"}, "below the watched folder"},
        {"empty", {.marker = ""}, "below the watched folder"},
        {"the way up", {.marker = "../{relpath}.ok"}, "no path has a component"},
        {"a path in the middle", {.marker = "x-{path}"}, "stand first or behind a slash"},
        {"a folder at the end", {.marker = "x/{dir}"}, "{dir} has a slash behind it"},
        {"a folder glued to a name", {.marker = "{dir}{file}.ok"}, "{dir} has a slash behind it"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_rule_set struct rule_set *set = rule_set_new(&rows[i].options, &err);

        if (set)
            fail_msg("%s: accepted", rows[i].why);
        if (err.kind != ERR_CONFIG || !strstr(err.message, rows[i].want))
            fail_msg("%s: %s", rows[i].why, err.message);
    }
}

static void a_rule_is_shown_safely(void **state)
{
    const struct rule_options options = {.marker = "{path}.\x1b"};
    struct err err;
    auto_rule_set struct rule_set *set = rule_set_new(&options, &err);
    struct rule_judgement judgement = rule_judge(set, "x.\x1b", RULE_FILE);
    auto_free char *text = rule_judgement_text(&judgement);

    (void)state;
    assert_string_equal(text, "is a marker, {path}.\\x1b");
}

static void names_that_the_platform_can_not_be_told_are_named(void **state)
{
    char long_name[257];
    static const struct {
        const char *why;
        const char *name;
        const char *want; /* NULL: no fault */
    } rows[] = {
        {"a plain name", "router-1.0.bin", NULL},
        {"blanks and umlauts", "Gr\xc3\xbc\xc3\x9f 1.bin", NULL},
        {"emoji", "\xf0\x9f\x9a\x80.bin", NULL},
        {"a quote of the other kind", "it's.bin", NULL},
        {"a quote", "a\"b.bin", "has a quote or a backslash"},
        {"a backslash", "a\\b.bin", "has a quote or a backslash"},
        {"a new header line", "a\r\nX: y.bin", "has a line break"},
        {"a line break", "a\nb.bin", "has a line break"},
        {"a tab", "a\tb.bin", "has control"},
        {"an escape", "a\x1b[2J", "has control"},
        {"turned around", "a\xe2\x80\x8f.bin", "has control"},
        {"not UTF-8", "a\xff.bin", "is not valid UTF-8"},
        {"a half character", "a\xc3", "is not valid UTF-8"},
        {"empty", "", "is empty"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *fault = rule_name_fault(rows[i].name);

        if (!fault != !rows[i].want || (fault && !strstr(fault, rows[i].want)))
            fail_msg("%s: %s", rows[i].why, fault ? fault : "no fault");
    }
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[256] = '\0';
    assert_string_equal(rule_name_fault(long_name), "is over 255 bytes");
    assert_null(rule_name_fault(long_name + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_names_its_rule),
        cmocka_unit_test(without_rules_everything_but_the_usual_is_taken),
        cmocka_unit_test(companions_are_known_again_where_they_lie),
        cmocka_unit_test(the_three_companions_have_their_own_places),
        cmocka_unit_test(wrong_rules_are_refused_by_their_key),
        cmocka_unit_test(a_rule_is_shown_safely),
        cmocka_unit_test(names_that_the_platform_can_not_be_told_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
