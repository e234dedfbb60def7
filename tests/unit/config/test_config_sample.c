/*
 * config/onekey-agent.yaml against options.def, and the documented example.
 *
 * In the sample a line in which "#" is not followed by one blank is an example: without
 * its "#" it is a setting. So the file says two things, and both are held here: as it is
 * it sets every default, and with its examples it names every option.
 */
#include "test.h"

#include <fcntl.h>
#include <libgen.h>

#include "base/mem.h"
#include "base/yaml_tree.h"
#include "config/config_option.h"
#include "config/loaded.h"

static void read_beside(const char *name, struct buf *out)
{
    auto_free char *here = xstrdup(__FILE__);
    auto_free char *path = xasprintf("%s/%s", dirname(here), name);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct err err = {0};

    out->max = CONFIG_FILE_MAX;
    if (fd < 0 || !buf_read_fd(out, fd, &err))
        fail_msg("read %s: %s", path, err.message);
}

static void read_sample(struct buf *out)
{
    read_beside("../../../config/onekey-agent.yaml", out);
}

/* Takes the "#" away from the lines that are examples. */
static void take_examples(struct buf *text)
{
    char *to = text->bytes;
    bool at_start = true;

    for (const char *from = text->bytes; *from; from++) {
        bool is_remark = from[1] == '\n' || (from[1] == ' ' && from[2] != ' ');

        if (at_start && *from == '#' && !is_remark) {
            at_start = false;
            continue;
        }
        at_start = *from == '\n' || (at_start && *from == ' ');
        *to++ = *from;
    }
    *to = '\0';
    text->size = (size_t)(to - text->bytes);
}

static struct tree_node *tree_of(const struct buf *text)
{
    const struct tree_source source = {.name = "sample",
                                       .bytes = text->bytes,
                                       .size = text->size,
                                       .max_bytes = CONFIG_FILE_MAX,
                                       .max_depth = 16};
    struct tree_node *root = NULL;
    struct err err;

    if (!tree_parse(&source, &root, &err))
        fail_msg("%s", err.message);
    return root;
}

/* "alerts.targets[].webhook" in any element of its list. */
static const struct tree_node *find_option(const struct tree_node *root, const char *path)
{
    const char *brackets = strstr(path, "[]");

    if (!brackets)
        return tree_find(root, path);
    for (int i = 0; i < 8; i++) {
        auto_free char *actual =
            xasprintf("%.*s[%d]%s", (int)(brackets - path), path, i, brackets + 2);
        const struct tree_node *node = tree_find(root, actual);

        if (node)
            return node;
    }
    return NULL;
}

static bool shows(const struct tree_node *node, const char *fallback)
{
    if (node->kind == TREE_SEQUENCE)
        return node->count == 1 && strcmp(node->children[0].text, fallback) == 0;
    return strcmp(node->text, fallback) == 0;
}

/* The rate that is set, and the remark that tells what may stand in its place, change places. */
static void take_timetable(struct buf *text)
{
    static const char remark[] = "  # bandwidth: [";
    char *from = strstr(text->bytes, remark);
    char *rate = strstr(text->bytes, "  bandwidth: none\n");

    assert_non_null(from);
    assert_non_null(rate);
    rate[0] = '#';
    memmove(from + 2, from + 4, strcspn(from, "\n") - 4);
    memset(from + strcspn(from, "\n") - 2, ' ', 2);
}

static void the_sample_names_every_option_with_its_default(void **state)
{
    auto_buf struct buf text = {0};
    auto_buf struct buf examples = {0};
    auto_buf struct buf others = {0};
    size_t count;
    const struct config_option *rows = config_option_rows(&count);

    (void)state;
    read_sample(&text);
    read_sample(&examples);
    take_examples(&examples);
    read_sample(&others);
    take_timetable(&others);
    auto_tree struct tree_node *sample = tree_of(&text);
    auto_tree struct tree_node *whole = tree_of(&examples);
    auto_tree struct tree_node *timetable = tree_of(&others);
    for (size_t i = 0; i < count; i++) {
        bool is_other = rows[i].scope == SCOPE_WINDOW || rows[i].flags & OPTION_OTHER_FORM;
        const struct tree_node *node = find_option(is_other ? timetable : whole, rows[i].path);

        if ((node == NULL) != ((rows[i].flags & OPTION_NOT_IN_FILE) != 0))
            fail_msg("%s is%s there", rows[i].path, node ? "" : " not");
        if (node && rows[i].fallback && !shows(node, rows[i].fallback))
            fail_msg("%s does not show its default %s", rows[i].path, rows[i].fallback);
        if (node && rows[i].fallback && rows[i].scope == SCOPE_ROOT &&
            !tree_find(sample, rows[i].path))
            fail_msg("%s has a default, but stands in an example only", rows[i].path);
    }
}

static json_t *values_of(const struct loaded *loaded)
{
    json_t *all = config_show_json(loaded->config);
    const char *path;
    json_t *entry;

    json_object_foreach(all, path, entry) json_object_del(entry, "origin");
    return all;
}

static void the_sample_as_it_is_changes_nothing(void **state)
{
    auto_buf struct buf text = {0};
    const struct config_sources none = {.environment = loaded_home_only};

    (void)state;
    read_sample(&text);
    auto_loaded struct loaded sample = loaded_text(text.bytes);
    auto_loaded struct loaded defaults = loaded_from(&none);
    if (!sample.config)
        fail_msg("%s", sample.err.message);
    assert_int_equal(sample.problems.warning_count, 0);
    auto_json json_t *got = values_of(&sample);
    auto_json json_t *want = values_of(&defaults);
    assert_true(json_equal(got, want));
}

static void the_sample_with_its_examples_loads_too(void **state)
{
    auto_buf struct buf text = {0};

    (void)state;
    read_sample(&text);
    take_examples(&text);
    auto_loaded struct loaded loaded = loaded_text(text.bytes);
    if (!loaded.config)
        fail_msg("%s", loaded.err.message);
    assert_int_equal(loaded.problems.warning_count, 0);
    assert_int_equal(loaded.config->watch_count, 1);
    assert_int_equal(loaded.config->alerts.target_count, 3);
    assert_int_equal(loaded.config->export_count, 1);
    assert_string_equal(loaded.config->exports[0].filter.vendor, "Acme");
}

static void the_timetable_in_the_sample_takes_the_place_of_the_rate(void **state)
{
    auto_buf struct buf text = {0};

    (void)state;
    read_sample(&text);
    take_timetable(&text);
    auto_loaded struct loaded loaded = loaded_text(text.bytes);
    if (!loaded.config)
        fail_msg("%s", loaded.err.message);
    assert_int_equal(loaded.config->transfers.bandwidth, 0);
    assert_int_equal(loaded.config->transfers.window_count, 1);
    assert_int_equal(loaded.config->transfers.windows[0].from_minute, 8 * 60);
    assert_int_equal(loaded.config->transfers.windows[0].to_minute, 18 * 60);
    assert_int_equal(loaded.config->transfers.windows[0].rate, 2 << 20);
}

static void the_sample_names_every_event(void **state)
{
    auto_buf struct buf text = {0};

    (void)state;
    read_sample(&text);
    for (unsigned i = 0; i < CONFIG_EVENT_COUNT; i++) {
        if (!strstr(text.bytes, config_event_name((enum config_event)i)))
            fail_msg("%s is missing", config_event_name((enum config_event)i));
    }
}

static void the_documented_example_means_what_it_says(void **state)
{
    auto_buf struct buf text = {0};

    (void)state;
    read_beside("documented_example.yaml", &text);
    auto_loaded struct loaded loaded = loaded_text(text.bytes);
    if (!loaded.config)
        fail_msg("%s", loaded.err.message);
    const struct config *config = loaded.config;
    assert_string_equal(config->api.proxy_auth_file, "/etc/onekey-agent/proxy");
    assert_string_equal(config->state_dir, "/var/lib/onekey-agent/state");
    assert_int_equal(config->transfers.bandwidth, 10485760);
    assert_int_equal(config->transfers.budget, INT64_C(50) << 30);
    assert_int_equal(config->transfers.limit_unanalysed, 200);
    assert_int_equal(config->transfers.retry.give_up_after_ms, 3 * 86400000);
    assert_int_equal(config->watch_count, 1);
    assert_int_equal(config->watches[0].include.count, 5);
    assert_string_equal(config->watches[0].include.items[4], "**/*.raucb");
    assert_string_equal(config->watches[0].match, "^(?<product>[^/]+)/(?<version>[^/]+)/[^/]+$");
    assert_string_equal(config->watches[0].metadata.product_category, "Router");
    assert_int_equal(config->watches[0].attach_if_missing, CONFIG_MISSING_WAIT);
    assert_string_equal(config->watches[0].move_to, "/srv/sent");
    assert_string_equal(config->sbom.directory, "/var/lib/onekey-agent/sboms");
    assert_int_equal(config->sbom.keep.revisions, 0);
    assert_int_equal(config->sbom.keep.ms, 0);
    assert_int_equal(config->sbom.min_components_permille, 500);
    assert_int_equal(config->export_count, 1);
    assert_string_equal(config->exports[0].name, "nightly");
    assert_string_equal(config->exports[0].schedule, "0 3 * * *");
    assert_string_equal(config->exports[0].timezone, "Europe/Vienna");
    assert_int_equal(config->exports[0].scope, CONFIG_SCOPE_TENANT);
    assert_string_equal(config->exports[0].filter.product, "Router*");
    assert_null(config->exports[0].filter.version);
    assert_int_equal(config->exports[0].on_vanished, CONFIG_VANISHED_KEEP);
    assert_true(config->exports[0].catch_up);
    assert_int_equal(config->exports[0].spread_ms, 300000);
    assert_int_equal(config->alerts.target_count, 2);
    assert_string_equal(config->alerts.targets[0].command.items[1], "--channel");
    assert_int_equal(config->alerts.targets[1].events, 1U << CONFIG_EVENT_AUTH_PAUSED);
    assert_string_equal(config->alerts.targets[1].webhook, "https://chat.corp/hooks/abc");
    assert_string_equal(config->control_group, "onekey-agent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_names_every_option_with_its_default),
        cmocka_unit_test(the_sample_as_it_is_changes_nothing),
        cmocka_unit_test(the_sample_with_its_examples_loads_too),
        cmocka_unit_test(the_sample_names_every_event),
        cmocka_unit_test(the_timetable_in_the_sample_takes_the_place_of_the_rate),
        cmocka_unit_test(the_documented_example_means_what_it_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
