#include "test.h"

#include "base/auto.h"
#include "watch/metadata.h"

/* Product and version are folders; a file name may begin with its build. */
static const char match_text[] =
    "^(?<product>[^/]+)/(?:(?<version>[0-9.]*)/)?(?:(?<build>[0-9]+)_)?[^/]+$";

/* Both absent, or the same text. */
static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const char *environment(const char *name)
{
    if (strcmp(name, "BUILD") == 0)
        return "77";
    return strcmp(name, "BAD") == 0 ? "a\nb" : NULL;
}

/* The documented example of a watch. Its group names are those of match_text. */
static struct metadata_options documented_options(void)
{
    static const char *const groups[] = {"build", "product", "version", NULL};
    struct metadata_options options = {
        .watch = "release", .groups = groups, .environment = environment};

    options.text[METADATA_VENDOR] = "Acme";
    options.text[METADATA_PRODUCT] = "{product}";
    options.text[METADATA_VERSION] = "{version}";
    return options;
}

/* The groups of a path, and the pattern that their names belong to. */
struct matched {
    struct pattern *pattern;
    struct pattern_groups groups;
};

static struct matched run_match(const char *relpath)
{
    struct matched matched = {0};
    struct err err;

    matched.pattern = pattern_new(match_text, &err);
    if (!matched.pattern ||
        pattern_run(matched.pattern, relpath, &matched.groups) != PATTERN_MATCHED)
        fail_msg("match does not fit %s", relpath);
    return matched;
}

static void matched_release(struct matched *matched)
{
    pattern_groups_release(&matched->groups);
    pattern_free(matched->pattern);
}

#define auto_matched __attribute__((cleanup(matched_release)))

static struct metadata_rules *new_rules(const struct metadata_options *options)
{
    struct err err;
    struct metadata_rules *rules = metadata_rules_new(options, &err);

    if (!rules)
        fail_msg("%s", err.message);
    return rules;
}

/* One field set to a text, resolved for one file: its value, or NULL. Caller frees. */
static char *resolve_one(enum metadata_field field, const char *text, struct err *err)
{
    struct metadata_options options = documented_options();

    options.text[METADATA_PRODUCT] = "P";
    options.text[METADATA_VERSION] = NULL;
    options.text[field] = text;
    auto_metadata_rules struct metadata_rules *rules = new_rules(&options);
    auto_matched struct matched matched = run_match("group-p//fw.tar.gz");
    const struct metadata_facts facts = {.path = "/srv/group-p//fw.tar.gz",
                                         .relpath = "group-p//fw.tar.gz",
                                         .groups = &matched.groups,
                                         .mtime_ms = 1795445040000,
                                         .size = 5368709120};
    auto_metadata struct metadata metadata;

    *err = (struct err){0};
    if (!metadata_resolve(rules, &facts, NULL, &metadata, err))
        return NULL;
    return auto_take(metadata.value[field]);
}

static void a_name_in_a_template_is_looked_up_in_order(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"a fixed text", "Router", "Router"},
        {"a group hides the field of its name", "{product}", "group-p"},
        {"an empty group is no value", "{version}", NULL},
        {"a group that took no part", "x{build}", NULL},
        {"another field", "{vendor}", "Acme"},
        {"a field with a default", "{product_group}", "Default"},
        {"a field that needs fields", "{name}", "Acme-group-p-fw.tar.gz"},
        {"a field without value", "{release_date}", NULL},
        {"the absolute path", "{path}", "/srv/group-p//fw.tar.gz"},
        {"the relative path", "{relpath}", "group-p//fw.tar.gz"},
        {"the folder", "{dir}", "group-p/"},
        {"the file", "{file}", "fw.tar.gz"},
        {"the stem cuts the last extension", "{stem}", "fw.tar"},
        {"the extension", "{ext}", "gz"},
        {"the time", "{mtime}", "2026-11-23T14:44:00.000Z"},
        {"the size", "{size}", "5368709120"},
        {"a digest that is not known", "{sha256}", NULL},
        {"the watch", "{watch}", "release"},
        {"a variable", "b{env:BUILD}", "b77"},
        {"a variable that is not set", "{env:NONE}", NULL},
        {"nothing leaves the field out", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_free char *value = resolve_one(METADATA_NOTES, rows[i].text, &err);

        if (err.kind != ERR_OK)
            fail_msg("%s: %s", rows[i].why, err.message);
        if (!is_same(value, rows[i].want))
            fail_msg("%s: \"%s\"", rows[i].why, value ? value : "no value");
    }
}

static void a_value_that_the_platform_would_refuse_fails_the_file(void **state)
{
    static const struct {
        const char *why;
        enum metadata_field field;
        const char *text;
        const char *want;
    } rows[] = {
        {"a line break", METADATA_NOTES, "{env:BAD}",
         "set notes: has control characters or is not valid UTF-8: \"a\\x0ab\""},
        {"neither true nor false", METADATA_MONITORING, "{file}",
         "set monitoring: is neither true nor false: \"fw.tar.gz\""},
        {"no date", METADATA_RELEASE_DATE, "{size}", "set release_date: is neither"},
        {"a required field of a group without value", METADATA_PRODUCT, "{version}",
         "set product: {version} has no value"},
        {"a required field of a variable that is not set", METADATA_VENDOR, "{env:NONE}",
         "set vendor: {env:NONE} has no value"},
        {"a name that needs a field without value", METADATA_NAME, "{version}-x",
         "set name: {version} has no value"},
        {"a field that fails by another", METADATA_VENDOR, "{env:BAD}", "set vendor: has control"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_free char *value = resolve_one(rows[i].field, rows[i].text, &err);

        if (err.kind != ERR_INPUT || !strstr(err.message, rows[i].want))
            fail_msg("%s: %s", rows[i].why, value ? value : err.message);
    }
}

static void a_value_has_at_most_1024_bytes(void **state)
{
    char relpath[METADATA_VALUE_MAX_BYTES + 2];
    struct metadata_options options = documented_options();
    struct metadata_facts facts = {.path = "/x", .relpath = relpath};
    struct err err;

    (void)state;
    options.text[METADATA_PRODUCT] = "P";
    options.text[METADATA_NAME] = "{relpath}";
    auto_metadata_rules struct metadata_rules *rules = new_rules(&options);
    memset(relpath, 'x', sizeof relpath);
    relpath[METADATA_VALUE_MAX_BYTES + 1] = '\0';
    for (int pass = 0; pass < 2; pass++) {
        auto_metadata struct metadata metadata;
        bool fits = metadata_resolve(rules, &facts, NULL, &metadata, &err);

        assert_int_equal(fits, pass == 1);
        relpath[METADATA_VALUE_MAX_BYTES] = '\0';
    }
    assert_string_equal(err.message, "set name: is over 1024 bytes");
}

static void the_default_name_is_the_official_clients(void **state)
{
    static const struct {
        const char *why;
        const char *relpath;
        const char *want;
    } rows[] = {
        {"with a version", "Router/1.0/fw.bin", "Acme-Router-1.0"},
        {"without one", "Router/fw.bin", "Acme-Router-fw.bin"},
        {"with an empty one", "Router//fw.bin", "Acme-Router-fw.bin"},
    };
    struct metadata_options options = documented_options();
    auto_metadata_rules struct metadata_rules *rules = new_rules(&options);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_matched struct matched matched = run_match(rows[i].relpath);
        const struct metadata_facts facts = {
            .path = "/srv/x", .relpath = rows[i].relpath, .groups = &matched.groups};
        auto_metadata struct metadata metadata;
        struct err err;

        if (!metadata_resolve(rules, &facts, NULL, &metadata, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        assert_string_equal(metadata.value[METADATA_NAME], rows[i].want);
        assert_int_equal(metadata.origin[METADATA_NAME], METADATA_DERIVED);
        assert_string_equal(metadata.value[METADATA_ANALYSIS_CONFIGURATION], "Default");
        assert_string_equal(metadata.value[METADATA_MONITORING], "false");
        assert_false(metadata.monitoring);
        assert_null(metadata.value[METADATA_PRODUCT_CATEGORY]);
    }
}

static void a_path_that_match_does_not_fit_is_told_so(void **state)
{
    struct metadata_options options = documented_options();
    auto_metadata_rules struct metadata_rules *rules = new_rules(&options);
    const struct metadata_facts facts = {.path = "/srv/fw.bin", .relpath = "fw.bin"};
    auto_metadata struct metadata metadata;
    struct err err;

    (void)state;
    assert_false(metadata_resolve(rules, &facts, NULL, &metadata, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.message,
                        "set product: {product} has no value: the path does not fit `match`");
}

static void parse_sidecar(const char *text, struct metadata_sidecar *sidecar)
{
    struct err err;

    if (!metadata_sidecar_parse(text, strlen(text), "a.yaml", sidecar, &err))
        fail_msg("%s", err.message);
}

static void a_sidecar_wins_and_every_origin_is_told(void **state)
{
    static const struct {
        enum metadata_field field;
        const char *value; /* NULL: not sent */
        const char *origin;
    } rows[] = {
        {METADATA_VENDOR, "Acme", "template \"Acme\""},
        {METADATA_PRODUCT, "Special", "sidecar a.yaml:1:10"},
        {METADATA_VERSION, "1.0", "template \"{version}\", filled from match"},
        {METADATA_NAME, "Acme-Special-1.0", "derived, \"{vendor}-{product}-{version}\""},
        {METADATA_PRODUCT_CATEGORY, NULL, "not sent, {build} has no value"},
        {METADATA_PRODUCT_GROUP, "Default", "default"},
        {METADATA_MONITORING, "true", "sidecar a.yaml:2:13"},
        {METADATA_RELEASE_DATE, NULL, "not sent"},
        {METADATA_NOTES, NULL, "sidecar a.yaml:3:8"},
    };
    struct metadata_options options = documented_options();
    auto_matched struct matched matched = run_match("Router/1.0/fw.bin");
    const struct metadata_facts facts = {
        .path = "/srv/x", .relpath = "Router/1.0/fw.bin", .groups = &matched.groups};
    auto_metadata_sidecar struct metadata_sidecar sidecar;
    auto_metadata struct metadata metadata;
    struct err err;

    (void)state;
    options.text[METADATA_PRODUCT_CATEGORY] = "{build}";
    options.text[METADATA_NOTES] = "for all";
    auto_metadata_rules struct metadata_rules *rules = new_rules(&options);
    parse_sidecar("product: Special\nmonitoring: true\nnotes: \"\"\n", &sidecar);
    assert_true(metadata_resolve(rules, &facts, &sidecar, &metadata, &err));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *value = metadata.value[rows[i].field];
        auto_free char *origin = metadata_origin_text(&metadata, rows[i].field);

        if (!is_same(value, rows[i].value))
            fail_msg("%s: \"%s\"", metadata_field_key(rows[i].field), value ? value : "none");
        assert_string_equal(origin, rows[i].origin);
    }
    assert_true(metadata.monitoring);
}

static void a_sidecar_alone_can_say_everything(void **state)
{
    const struct metadata_options options = {.watch = "w", .has_sidecar = true};
    auto_metadata_rules struct metadata_rules *rules = new_rules(&options);
    const struct metadata_facts facts = {.path = "/srv/fw.bin", .relpath = "fw.bin"};
    auto_metadata_sidecar struct metadata_sidecar sidecar;
    struct err err;

    (void)state;
    parse_sidecar("vendor: V\nproduct: P\n", &sidecar);
    auto_metadata struct metadata metadata;
    assert_true(metadata_resolve(rules, &facts, &sidecar, &metadata, &err));
    assert_string_equal(metadata.value[METADATA_NAME], "V-P-fw.bin");

    auto_metadata struct metadata without;
    assert_false(metadata_resolve(rules, &facts, NULL, &without, &err));
    assert_string_equal(err.message,
                        "set vendor: neither the configuration nor the sidecar has it");

    auto_metadata_sidecar struct metadata_sidecar empty;
    auto_metadata struct metadata emptied;
    parse_sidecar("vendor: ''\nproduct: P\n", &empty);
    assert_false(metadata_resolve(rules, &facts, &empty, &emptied, &err));
    assert_string_equal(err.message, "set vendor: the sidecar leaves it empty");
}

static void wrong_templates_stop_the_start(void **state)
{
    static const struct {
        const char *why;
        enum metadata_field field;
        const char *text;
        const char *want;
    } rows[] = {
        {"an unknown name", METADATA_NOTES, "{vendr}",
         "notes: parse template: unknown name {vendr}; did you mean {vendor}?"},
        {"the token", METADATA_NOTES, "{env:ONEKEY_TOKEN}", "notes: parse template: the token"},
        {"a field of itself", METADATA_NOTES, "{notes}",
         "notes: needs {notes} again; `match` has no group of that name"},
        {"a circle", METADATA_VENDOR, "{name}", "needs {vendor} again"},
        {"never true nor false", METADATA_MONITORING, "maybe",
         "monitoring: is neither true nor false: \"maybe\""},
        {"YAML's other words", METADATA_MONITORING, "yes", "monitoring: is neither"},
        {"never a date", METADATA_RELEASE_DATE, "2026-02-30", "release_date: is neither"},
        {"a required field that is empty", METADATA_VENDOR, "", "vendor: is empty, but"},
        {"a required field that is not set", METADATA_VENDOR, NULL, "vendor: not set, but"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct metadata_options options = documented_options();
        struct err err;

        options.text[rows[i].field] = rows[i].text;
        auto_metadata_rules struct metadata_rules *rules = metadata_rules_new(&options, &err);

        if (rules)
            fail_msg("%s: accepted", rows[i].why);
        if (err.kind != ERR_CONFIG || !strstr(err.message, rows[i].want))
            fail_msg("%s: %s", rows[i].why, err.message);
    }
}

static void release_dates_are_dates_of_the_calendar(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        bool want;
    } rows[] = {
        {"a day", "2026-11-23", true},
        {"a leap day", "2024-02-29", true},
        {"a leap day of a century", "2000-02-29", true},
        {"no leap day", "2026-02-29", false},
        {"no leap day of a century", "1900-02-29", false},
        {"a thirty-first", "2026-04-31", false},
        {"a thirteenth month", "2026-13-01", false},
        {"no month", "2026-00-01", false},
        {"no day", "2026-01-00", false},
        {"no year", "0000-01-01", false},
        {"one digit", "2026-1-01", false},
        {"slashes", "2026/01/01", false},
        {"a time in UTC", "2026-11-23T14:00:00Z", true},
        {"a time with an offset", "2026-11-23T14:00:00.25+05:30", true},
        {"no zone", "2026-11-23T14:00:00", false},
        {"no seconds", "2026-11-23T14:00Z", false},
        {"a fraction of nothing", "2026-11-23T14:00:00.Z", false},
        {"an hour too many", "2026-11-23T24:00:00Z", false},
        {"a leap second", "2016-12-31T23:59:60Z", false},
        {"an offset without colon", "2026-11-23T14:00:00+0100", false},
        {"a blank for the T", "2026-11-23 14:00:00Z", false},
        {"more behind it", "2026-11-23T14:00:00Zx", false},
        {"a blank behind it", "2026-11-23 ", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = NULL;
        struct metadata_sidecar sidecar;
        struct err err;

        assert_true(asprintf(&text, "release_date: %s%s%s", "\"", rows[i].text, "\"") > 0);
        if (metadata_sidecar_parse(text, strlen(text), "s", &sidecar, &err) != rows[i].want)
            fail_msg("%s: %s", rows[i].why, rows[i].text);
        metadata_sidecar_release(&sidecar);
    }
}

static void a_wrong_sidecar_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"an unknown key", "vendor: V\nprodukt: P\n",
         "a.yaml:2:1: unknown key \"produkt\"; did you mean \"product\"?"},
        {"nothing near", "q: 1\n", "a.yaml:1:1: unknown key \"q\""},
        {"a key twice", "vendor: V\nvendor: W\n", "a.yaml:2:1: "},
        {"a list", "vendor: [a, b]\n", "a.yaml:1:9: vendor is not a single value"},
        {"a mapping", "vendor: {a: b}\n", "a.yaml:1:9: vendor is not a single value"},
        {"deeper", "vendor: {a: {b: {c: d}}}\n", "a.yaml:1:"},
        {"no value", "vendor:\n", "vendor has no value; write \"\""},
        {"YAML's word for nothing", "vendor: null\n", "a.yaml:1:9: vendor has no value"},
        {"no mapping", "- vendor\n", "a.yaml:1:1: a sidecar is lines of"},
        {"a word", "vendor\n", "a.yaml:1:1: a sidecar is lines of"},
        {"YAML's other words for true", "monitoring: on\n",
         "a.yaml:1:13: monitoring is neither true nor false"},
        {"a line break in a value", "notes: \"a\\nb\"\n", "a.yaml:1:8: notes has control"},
        {"an alias", "vendor: &a V\nproduct: *a\n", "a.yaml:1:"},
        {"open quotes", "vendor: \"V\n", "a.yaml:"},
        {"not UTF-8", "vendor: \xff\n", "a.yaml:"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_metadata_sidecar struct metadata_sidecar sidecar;

        if (metadata_sidecar_parse(rows[i].text, strlen(rows[i].text), "a.yaml", &sidecar, &err))
            fail_msg("%s: accepted", rows[i].why);
        if (err.kind != ERR_INPUT || strncmp(err.message, "a.yaml:", 7) != 0 ||
            !strstr(err.message, rows[i].want))
            fail_msg("%s: %s", rows[i].why, err.message);
    }
}

static void a_sidecar_is_read_as_it_is_written(void **state)
{
    auto_metadata_sidecar struct metadata_sidecar sidecar;
    auto_metadata_sidecar struct metadata_sidecar nothing;

    (void)state;
    parse_sidecar("# by hand\nversion: 1.10\nproduct: '{file}'\nnotes: no\n", &sidecar);
    assert_string_equal(sidecar.value[METADATA_VERSION], "1.10");
    assert_string_equal(sidecar.value[METADATA_PRODUCT], "{file}");
    assert_string_equal(sidecar.value[METADATA_NOTES], "no");
    assert_string_equal(sidecar.place[METADATA_NOTES], "a.yaml:4:8");
    assert_null(sidecar.value[METADATA_VENDOR]);
    parse_sidecar("", &nothing);
    assert_null(nothing.value[METADATA_VENDOR]);
}

static void a_sidecar_has_at_most_64_kib_and_its_values_1_kib(void **state)
{
    static char text[METADATA_SIDECAR_MAX_BYTES + 1];
    struct metadata_sidecar sidecar;
    struct err err;

    (void)state;
    memset(text, 'x', sizeof text);
    text[snprintf(text, sizeof text, "notes: ")] = 'x';
    assert_false(metadata_sidecar_parse(text, 1032, "s", &sidecar, &err));
    assert_string_equal(err.message, "s:1:8: notes is over 1024 bytes");
    metadata_sidecar_release(&sidecar);
    assert_true(metadata_sidecar_parse(text, 1031, "s", &sidecar, &err));
    metadata_sidecar_release(&sidecar);
    memset(text, '#', sizeof text);
    assert_false(metadata_sidecar_parse(text, sizeof text, "s", &sidecar, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    metadata_sidecar_release(&sidecar);
    assert_true(metadata_sidecar_parse(text, METADATA_SIDECAR_MAX_BYTES, "s", &sidecar, &err));
    metadata_sidecar_release(&sidecar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_in_a_template_is_looked_up_in_order),
        cmocka_unit_test(a_value_that_the_platform_would_refuse_fails_the_file),
        cmocka_unit_test(a_value_has_at_most_1024_bytes),
        cmocka_unit_test(the_default_name_is_the_official_clients),
        cmocka_unit_test(a_path_that_match_does_not_fit_is_told_so),
        cmocka_unit_test(a_sidecar_wins_and_every_origin_is_told),
        cmocka_unit_test(a_sidecar_alone_can_say_everything),
        cmocka_unit_test(wrong_templates_stop_the_start),
        cmocka_unit_test(release_dates_are_dates_of_the_calendar),
        cmocka_unit_test(a_wrong_sidecar_is_refused_with_its_place),
        cmocka_unit_test(a_sidecar_is_read_as_it_is_written),
        cmocka_unit_test(a_sidecar_has_at_most_64_kib_and_its_values_1_kib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
