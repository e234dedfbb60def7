#include "test.h"

#include "base/auto.h"
#include "cli/sbom_fetch.h"

static void a_document_is_summed_up_in_a_line(void **state)
{
    static const struct {
        const char *why;
        struct sbom_facts facts;
        const char *want;
    } rows[] = {
        {"the usual one",
         {.kind = SBOM_CYCLONEDX_JSON, .spec_version = "1.6", .components = 345},
         "CycloneDX JSON 1.6, 345 components"},
        {"one",
         {.kind = SBOM_SPDX_JSON, .spec_version = "2.3", .components = 1},
         "SPDX JSON 2.3, 1 component"},
        {"none, and why that may be",
         {.kind = SBOM_SPDX_TAG_VALUE, .spec_version = "2.3"},
         "SPDX tag-value 2.3 without components: encrypted and RTOS images have none"},
        {"newer than we are",
         {.kind = SBOM_CYCLONEDX_XML, .spec_version = "9.0", .components = -1, .newer = true},
         "CycloneDX XML 9.0, newer than this program knows: components not counted"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *got = sbom_fetch_summary(&rows[i].facts);

        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_document_is_summed_up_in_a_line)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
