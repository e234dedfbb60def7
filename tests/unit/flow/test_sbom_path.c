#include "test.h"

#include "base/mem.h"
#include "flow/sbom_flow.h"
#include "flow/sbom_path.h"

static char text_router[] = "Router";
static char text_climb[] = "../../etc/cron.d";
static char text_version[] = "1.0";
static char text_firmware[] = "3f0c";

static void a_path_is_filled_and_stays_below_its_folder(void **state)
{
    static const struct {
        const char *why;
        const char *path;
        char *product;
        char *version;
        const char *want; /* NULL: begins with want_start */
        const char *want_start;
    } rows[] = {
        {"the default", "{product}/{version}/{firmware_id}.{ext}", text_router, text_version,
         "Router/1.0/3f0c.cdx.json", NULL},
        {"no version", "{product}/{version}/{firmware_id}.{ext}", text_router, NULL,
         "Router/_/3f0c.cdx.json", NULL},
        {"the format's name", "{format}/{firmware_id}.{ext}", text_router, NULL,
         "default/3f0c.cdx.json", NULL},
        {"a product that climbs is one component", "{product}/{firmware_id}.{ext}", text_climb,
         NULL, NULL, "_._.._etc_cron.d-"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct item item = {
            .product = rows[i].product, .version = rows[i].version, .firmware_id = text_firmware};
        const struct sbom_place place = {&item, "default", "cdx.json"};
        struct err err = {.kind = ERR_OK};
        struct template *template = template_new(rows[i].path, sbom_path_names, &err);
        char *have = template ? sbom_path_new(template, &place, &err) : NULL;

        if (!have) {
            fail_msg("%s: %s", rows[i].why, err.message);
            return;
        }
        const char *want = rows[i].want ? rows[i].want : rows[i].want_start;
        if (strncmp(have, want, strlen(want)) != 0 || (rows[i].want && strcmp(have, want) != 0))
            fail_msg("%s: %s", rows[i].why, have);
        assert_null(strstr(have, "../"));
        free(have);
        template_free(template);
    }
}

/* sbom.path may use what the configuration promises; each name has a value of its own. */
static void every_name_has_its_value(void **state)
{
    struct item item = {0};

    (void)state;
    text_replace(&item.vendor, "vendor");
    text_replace(&item.product, "product");
    text_replace(&item.version, "version");
    text_replace(&item.name, "name");
    text_replace(&item.product_group, "product_group");
    text_replace(&item.sha256, "sha256");
    text_replace(&item.firmware_id, "firmware_id");
    text_replace(&item.watch, "watch");
    for (size_t i = 0; sbom_path_names[i]; i++) {
        const struct sbom_place place = {&item, "format", "ext"};
        struct err err = {.kind = ERR_OK};
        char text[64];

        snprintf(text, sizeof text, "{%s}", sbom_path_names[i]);
        struct template *template = template_new(text, sbom_path_names, &err);
        char *have = sbom_path_new(template, &place, &err);
        assert_string_equal(have, sbom_path_names[i]);
        free(have);
        template_free(template);
    }
    item_release(&item);
}

static void two_formats_of_one_kind_get_files_of_their_own(void **state)
{
    static const struct {
        const char *path;
        const char *format;
        const char *ext;
        const char *want;
    } rows[] = {
        {"Router/3f0c.cdx.json", "vex", "cdx.json", "Router/3f0c-vex.cdx.json"},
        {"Router/3f0c", "vex", "cdx.json", "Router/3f0c-vex"},
        {"Router.cdx.json/x", "vex", "cdx.json", "Router.cdx.json/x-vex"},
        {"x.spdx", "full", "spdx", "x-full.spdx"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct item item = {.id = 1};
        const struct sbom_place place = {&item, rows[i].format, rows[i].ext};
        char *have = sbom_path_apart(rows[i].path, &place);

        assert_string_equal(have, rows[i].want);
        free(have);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_filled_and_stays_below_its_folder),
        cmocka_unit_test(every_name_has_its_value),
        cmocka_unit_test(two_formats_of_one_kind_get_files_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
