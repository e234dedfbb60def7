#include "test.h"

#include "cli/verify.h"
#include "loaded_tree.h"

static void every_mistake_is_told_with_its_place(void **state)
{
    static const struct {
        const char *why;
        const char *options;
        const char *want;
    } rows[] = {
        {"a glob", "    include: [\"**/*.bin\", \"a**\"]\n", "agent.yaml:5:27: include[1]: "},
        {"an exclude", "    exclude: [\"/abs\"]\n", "agent.yaml:5:15: exclude[0]: "},
        {"a pattern", "    match: '(?<a>'\n", "agent.yaml:5:12: match: parse pattern: "},
        {"a marker", "    marker: \"{path}\"\n", "agent.yaml:5:13: marker: "},
        {"a sidecar", "    sidecar: \"{nope}.yaml\"\n", "agent.yaml:5:14: sidecar: "},
        {"an attachment", "    attach_sbom:\n      path: \"{nope}\"\n",
         "agent.yaml:6:13: attach_sbom.path: "},
        {"a field", "    metadata:\n      vendor: A\n      product: \"{nope}\"\n",
         "agent.yaml:7:16: metadata: product: "},
        {"a field that is missing: its section", "    metadata:\n      vendor: A\n",
         "agent.yaml:6:7: metadata: product: not set"},
        {"a section that is missing: its watch", "    settle: 1s\n",
         "agent.yaml:3:5: metadata: vendor: not set"},
    };
    struct loaded_tree *loaded = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct verify_problems problems = {0};
        auto_free char *after = xasprintf("\n%s", rows[i].options);

        loaded_tree_load(loaded, "version: 1\nwatch:\n  - name: release\n    path: ", after);
        verify_watches(loaded->config, &problems);
        if (problems.count != 1 ||
            strncmp(problems.lines[0], rows[i].want, strlen(rows[i].want)) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", rows[i].why,
                     problems.count ? problems.lines[0] : "no problem", rows[i].want);
        verify_release(&problems);
    }
}

static void all_watches_are_looked_at(void **state)
{
    struct loaded_tree *loaded = *state;
    struct verify_problems problems = {0};

    loaded_tree_load(loaded,
                     "version: 1\nsbom: {path: \"{firmware_id}/{nope}\"}\nwatch:\n"
                     "  - {name: a, path: /a, match: '('}\n  - {name: b, match: '(', path: ",
                     "}\n");
    verify_watches(loaded->config, &problems);
    assert_int_equal(problems.count, 3);
    assert_int_equal(strncmp(problems.lines[0], "agent.yaml:4:", 13), 0);
    assert_int_equal(strncmp(problems.lines[1], "agent.yaml:5:", 13), 0);
    assert_int_equal(strncmp(problems.lines[2], "agent.yaml:2:14: sbom.path: ", 28), 0);
    verify_release(&problems);
}

static void a_right_configuration_has_no_problems(void **state)
{
    struct loaded_tree *loaded = *state;
    struct verify_problems problems = {0};

    loaded_tree_load(loaded,
                     "version: 1\nwatch:\n  - name: release\n    match: '^(?<product>[^/]+)/'\n"
                     "    marker: \"{path}.done\"\n    sidecar: \"{path}.yaml\"\n"
                     "    metadata: {vendor: Acme, product: \"{product}\"}\n    path: ",
                     "\n");
    verify_watches(loaded->config, &problems);
    if (problems.count > 0)
        fail_msg("%s", problems.lines[0]);
    verify_release(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_mistake_is_told_with_its_place, loaded_tree_make,
                                        loaded_tree_drop),
        cmocka_unit_test_setup_teardown(all_watches_are_looked_at, loaded_tree_make,
                                        loaded_tree_drop),
        cmocka_unit_test_setup_teardown(a_right_configuration_has_no_problems, loaded_tree_make,
                                        loaded_tree_drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
