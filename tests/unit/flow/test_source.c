#include "test.h"

#include "flow/source.h"

static struct source_options plain(void)
{
    return (struct source_options){
        .name = "release",
        .path = "/srv/builds",
        .metadata = {[METADATA_VENDOR] = "Acme", [METADATA_PRODUCT] = "Router"},
    };
}

static struct source *make(const struct source_options *options)
{
    struct err err;
    struct source *source = source_new(options, &err);

    if (!source)
        fail_msg("%s", err.message);
    return source;
}

static void a_mistake_begins_with_its_key(void **state)
{
    static const char *const bad_globs[] = {"**/*.bin", "a**"};
    static const struct {
        const char *key;
        const char *match;
        const char *product;
        struct rule_options rules;
    } rows[] = {
        {"include[1]: ", NULL, "Router", {.include = bad_globs, .include_count = 2}},
        {"exclude[1]: ", NULL, "Router", {.exclude = bad_globs, .exclude_count = 2}},
        {"marker: ", NULL, "Router", {.marker = "{nonsense}.done"}},
        {"sidecar: ", NULL, "Router", {.sidecar = "{path"}},
        {"attach_sbom.path: ", NULL, "Router", {.attachment = "{path}"}},
        {"match: ", "(?<product>", "Router", {.marker = NULL}},
        {"metadata", NULL, "{prodcut}", {.marker = NULL}},
        {"metadata", NULL, NULL, {.marker = NULL}}, /* required, and nowhere to come from */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct source_options options = plain();
        struct err err = {.kind = ERR_OK};

        options.match = rows[i].match;
        options.rules = rows[i].rules;
        options.metadata[METADATA_PRODUCT] = rows[i].product;
        struct source *source = source_new(&options, &err);
        if (source || err.kind != ERR_CONFIG ||
            strncmp(err.message, rows[i].key, strlen(rows[i].key)) != 0)
            fail_msg("%s: %s", rows[i].key, source ? "taken" : err.message);
    }
}

static void paths_are_those_below_the_folder(void **state)
{
    static const struct {
        const char *folder;
        const char *path;
        const char *want;
    } rows[] = {
        {"/srv/builds", "/srv/builds/a/b.bin", "a/b.bin"},
        {"/srv/builds", "/srv/builds", NULL},
        {"/srv/builds", "/srv/builds2/a.bin", NULL},
        {"/srv/builds", "/srv/a.bin", NULL},
        {"/", "/a.bin", "a.bin"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct source_options options = plain();

        options.path = rows[i].folder;
        struct source *source = make(&options);
        const char *have = source_relpath(source, rows[i].path);
        if (rows[i].want ? !have || strcmp(have, rows[i].want) != 0 : have != NULL)
            fail_msg("%s in %s: %s", rows[i].path, rows[i].folder, have ? have : "no");
        if (have) {
            char *back = source_path(source, have);
            assert_string_equal(back, rows[i].path);
            free(back);
        }
        source_free(source);
    }
    source_free(NULL);
}

static void rules_say_what_is_skipped(void **state)
{
    static const char *const include[] = {"**/*.bin"};
    static const char *const exclude[] = {"**/sdk/**"};
    struct source_options options = plain();

    (void)state;
    options.rules.include = include;
    options.rules.include_count = 1;
    options.rules.exclude = exclude;
    options.rules.exclude_count = 1;
    struct source *source = make(&options);
    assert_false(source_skips(source->rules, "a/b.bin", false));
    assert_true(source_skips(source->rules, "a/b.txt", false));
    assert_true(source_skips(source->rules, "a/sdk/b.bin", false));
    assert_true(source_skips(source->rules, "a/sdk", true)); /* is not even entered */
    assert_false(source_skips(source->rules, "a", true));
    source_free(source);
}

static void metadata_comes_from_the_path_where_it_matches(void **state)
{
    struct source_options options = plain();
    struct metadata_facts facts = {.path = "/srv/builds/cam/1.2/fw.bin",
                                   .relpath = "cam/1.2/fw.bin"};
    struct metadata out;
    struct err err;

    (void)state;
    options.match = "^(?<product>[^/]+)/(?<version>[^/]+)/[^/]+$";
    options.metadata[METADATA_PRODUCT] = "{product}";
    options.metadata[METADATA_VERSION] = "{version}";
    struct source *source = make(&options);
    assert_true(source_metadata(source, &facts, NULL, &out, &err));
    assert_string_equal(out.value[METADATA_PRODUCT], "cam");
    assert_string_equal(out.value[METADATA_VERSION], "1.2");
    assert_string_equal(out.value[METADATA_NAME], "Acme-cam-1.2");
    metadata_release(&out);
    facts.relpath = "fw.bin"; /* no match: a required field has no value */
    assert_false(source_metadata(source, &facts, NULL, &out, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    metadata_release(&out);
    source_free(source);
}

static void a_pattern_that_gives_up_is_told_and_not_taken_for_no_match(void **state)
{
    struct source_options options = plain();
    const struct metadata_facts facts = {
        .path = "/srv/builds/x",
        .relpath = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
    };
    struct metadata out;
    struct err err;

    (void)state;
    options.match = "^(a+)+$";
    struct source *source = make(&options);
    assert_false(source_metadata(source, &facts, NULL, &out, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.message, "match: "));
    metadata_release(&out);
    source_free(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_begins_with_its_key),
        cmocka_unit_test(paths_are_those_below_the_folder),
        cmocka_unit_test(rules_say_what_is_skipped),
        cmocka_unit_test(metadata_comes_from_the_path_where_it_matches),
        cmocka_unit_test(a_pattern_that_gives_up_is_told_and_not_taken_for_no_match),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
