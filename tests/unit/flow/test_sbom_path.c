#include "test.h"

#include "flow/sbom_path.h"

static char text_router[] = "Router";
static char text_climb[] = "../../etc/cron.d";
static char text_index[] = "index.json";
static char text_sums[] = "sha256sums";
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
        {"a product that is called as an index is", "{product}/{firmware_id}.{ext}", text_index,
         NULL, "_index.json/3f0c.cdx.json", NULL},
        {"a product that is called as an index is, in capitals", "{product}/{firmware_id}.{ext}",
         text_sums, NULL, "_sha256sums/3f0c.cdx.json", NULL},
        {"further below it may be", "x/{product}/{firmware_id}.{ext}", text_index, NULL,
         "x/index.json/3f0c.cdx.json", NULL},
        {"a product that climbs is one component", "{product}/{firmware_id}.{ext}", text_climb,
         NULL, NULL, "_._.._etc_cron.d-"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct sbom_subject subject = {
            .product = rows[i].product, .version = rows[i].version, .firmware_id = text_firmware};
        const struct sbom_place place = {&subject, "default", "cdx.json"};
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
    const struct sbom_subject subject = {
        .vendor = "vendor",
        .product = "product",
        .version = "version",
        .name = "name",
        .product_group = "product_group",
        .sha256 = "sha256",
        .firmware_id = "firmware_id",
        .watch = "watch",
    };

    (void)state;
    for (size_t i = 0; sbom_path_names[i]; i++) {
        const struct sbom_place place = {&subject, "format", "ext"};
        struct err err = {.kind = ERR_OK};
        char text[64];

        snprintf(text, sizeof text, "{%s}", sbom_path_names[i]);
        struct template *template = template_new(text, sbom_path_names, &err);
        char *have = sbom_path_new(template, &place, &err);
        assert_string_equal(have, sbom_path_names[i]);
        free(have);
        template_free(template);
    }
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
        const struct sbom_subject subject = {.firmware_id = "3f0c"};
        const struct sbom_place place = {&subject, rows[i].format, rows[i].ext};
        char *have = sbom_path_apart(rows[i].path, &place);

        assert_string_equal(have, rows[i].want);
        free(have);
    }
}

static void a_file_below_the_folder_is_known_by_its_end(void **state)
{
    static const struct {
        const char *why;
        const char *path;
        const char *ext;
        const char *want;
    } rows[] = {
        {"below, of that kind", "/s/Router/1.cdx.json", "cdx.json", "Router/1.cdx.json"},
        {"below, of another kind", "/s/Router/1.spdx.json", "cdx.json", NULL},
        {"whatever kind", "/s/Router/1.spdx.json", NULL, "Router/1.spdx.json"},
        {"another folder", "/t/1.spdx.json", NULL, NULL},
        {"a folder that begins alike", "/sboms/1.spdx.json", NULL, NULL},
        {"the folder itself", "/s", NULL, NULL},
        {"the folder with a slash", "/s/", NULL, NULL},
        {"an end without its dot", "/s/1cdx.json", "cdx.json", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *have = sbom_path_below("/s", rows[i].path, rows[i].ext);

        if ((have == NULL) != (rows[i].want == NULL) || (have && strcmp(have, rows[i].want) != 0))
            fail_msg("%s: %s", rows[i].why, have ? have : "NULL");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_filled_and_stays_below_its_folder),
        cmocka_unit_test(every_name_has_its_value),
        cmocka_unit_test(two_formats_of_one_kind_get_files_of_their_own),
        cmocka_unit_test(a_file_below_the_folder_is_known_by_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
