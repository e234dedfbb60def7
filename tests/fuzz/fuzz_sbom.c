/*
 * Any bytes: refused with ERR_DATA or facts of a known kind; the same for every way to cut
 * them into pieces.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sbom/sbom_reader.h"

static bool inspect(const uint8_t *bytes, size_t size, size_t step, struct sbom_facts *facts,
                    struct err *err)
{
    auto_sbom_reader struct sbom_reader *reader = sbom_reader_new();
    bool good = true;

    for (size_t at = 0; good && at < size; at += step)
        good = sbom_reader_feed(reader, bytes + at, size - at < step ? size - at : step, err);
    return good && sbom_reader_finish(reader, facts, err);
}

static void check(bool good, const struct sbom_facts *facts, const struct err *err)
{
    struct err import = {0};

    if (!good && (err->kind != ERR_DATA || err->message[0] == '\0'))
        abort();
    if (!good)
        return;
    if (facts->kind >= SBOM_KIND_COUNT || strlen(facts->content_id) != 64 ||
        strlen(facts->component_id) != 64 || (facts->components < 0) != facts->newer)
        abort();
    sbom_importable(facts, &import);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const size_t steps[] = {1, 5, 64};
    struct sbom_facts whole = {0};
    struct err whole_err = {0};
    bool good = inspect(bytes, size, size ? size : 1, &whole, &whole_err);

    check(good, &whole, &whole_err);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct sbom_facts facts = {0};
        struct err err = {0};

        if (inspect(bytes, size, steps[i], &facts, &err) != good)
            abort();
        if (good && (facts.components != whole.components ||
                     strcmp(facts.content_id, whole.content_id) != 0 ||
                     strcmp(facts.component_id, whole.component_id) != 0))
            abort();
    }
    return 0;
}
