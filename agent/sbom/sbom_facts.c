/*
 * sbom_facts.c - the tables of kinds and versions.
 *
 * A kind's name is in people's databases and scripts: rows are only ever added.
 */
#include "sbom/sbom_facts.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"
#include "sbom/sbom_version.h"

struct version {
    unsigned major;
    unsigned minor;
};

static const struct {
    const char *name;
    const char *extension;
    const char *title;
} kinds[] = {
#define X(kind, name_, extension_, title_) [SBOM_##kind] = {name_, extension_, title_},
    SBOM_KINDS(X)
#undef X
};

/* What was published and read when this was written; 3.0.1 is 3.0 with corrections. */
static const struct {
    struct version first;
    struct version last;
} known[] = {
    [SBOM_CYCLONEDX_JSON] = {{1, 0}, {1, 7}}, [SBOM_CYCLONEDX_XML] = {{1, 0}, {1, 7}},
    [SBOM_SPDX_JSON] = {{2, 0}, {2, 3}},      [SBOM_SPDX_TAG_VALUE] = {{2, 0}, {2, 3}},
    [SBOM_SPDX3_JSON] = {{3, 0}, {3, 0}},
};

static const char taken_by_platform[] = "CycloneDX JSON 1.2 to 1.6 and CycloneDX XML 1.1 to 1.6";

/* Reads at most four digits; false without any. */
static bool read_number(const char **text, unsigned *number)
{
    size_t digits = 0;

    *number = 0;
    while (isdigit((unsigned char)**text) && digits++ < 4) {
        *number = *number * 10 + (unsigned)(**text - '0');
        (*text)++;
    }
    return digits > 0;
}

/* "1.6", or "3.0.1", of which the last part does not matter. */
static bool parse(const char *text, struct version *version)
{
    unsigned patch;

    if (!read_number(&text, &version->major) || *text++ != '.')
        return false;
    if (!read_number(&text, &version->minor))
        return false;
    if (*text == '\0')
        return true;
    return *text++ == '.' && read_number(&text, &patch) && *text == '\0';
}

static bool is_less(struct version a, struct version b)
{
    return a.major < b.major || (a.major == b.major && a.minor < b.minor);
}

const char *sbom_kind_name(enum sbom_kind kind)
{
    assert(kind < SBOM_KIND_COUNT);
    return kinds[kind].name;
}

const char *sbom_kind_ext(enum sbom_kind kind)
{
    assert(kind < SBOM_KIND_COUNT);
    return kinds[kind].extension;
}

const char *sbom_kind_title(enum sbom_kind kind)
{
    assert(kind < SBOM_KIND_COUNT);
    return kinds[kind].title;
}

bool sbom_kind_of_name(const char *name, enum sbom_kind *kind)
{
    for (size_t i = 0; i < SBOM_KIND_COUNT; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = (enum sbom_kind)i;
            return true;
        }
    }
    return false;
}

bool sbom_version_set(struct sbom_facts *facts, enum sbom_kind kind, const char *version,
                      struct err *err)
{
    struct version parsed;
    auto_free char *shown = printable_new(version);

    if (!parse(version, &parsed) || strlen(version) >= sizeof facts->spec_version)
        return err_set(err, ERR_DATA, "is %s of no readable version: '%s'", sbom_kind_title(kind),
                       shown);
    if (is_less(parsed, known[kind].first)) {
        return err_set(err, ERR_DATA, "is %s %s, older than the first known version, %u.%u",
                       sbom_kind_title(kind), shown, known[kind].first.major,
                       known[kind].first.minor);
    }
    facts->kind = kind;
    facts->newer = is_less(known[kind].last, parsed);
    snprintf(facts->spec_version, sizeof facts->spec_version, "%s", version);
    return true;
}

bool sbom_importable(const struct sbom_facts *facts, struct err *err)
{
    static const struct version last = {1, 6};
    struct version version;
    struct version first = {1, facts->kind == SBOM_CYCLONEDX_XML ? 1 : 2};
    bool is_cyclonedx = facts->kind == SBOM_CYCLONEDX_JSON || facts->kind == SBOM_CYCLONEDX_XML;

    if (is_cyclonedx && parse(facts->spec_version, &version) && !is_less(version, first) &&
        !is_less(last, version))
        return true;
    return err_set(err, ERR_DATA, "is %s %s; the platform imports %s only",
                   sbom_kind_title(facts->kind), facts->spec_version, taken_by_platform);
}
