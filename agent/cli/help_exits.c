#include "cli/help_exits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"

static const struct {
    int code;
    const char *text;
} meanings[] = {
    {0, "done"},         {1, "new findings"}, {2, "analysis failed"}, {3, "some failed"},
    {5, "deadline"},     {64, "usage"},       {65, "bad data"},       {66, "not found"},
    {69, "unreachable"}, {74, "local I/O"},   {75, "busy or paused"}, {76, "strange answer"},
    {77, "token"},       {78, "config"},
};

/* Those that a caller will want to tell apart, as many as fit in one line; ended by -1. */
static const struct {
    const char *command;
    int codes[8];
} exits[] = {
    {"upload-firmware", {0, 1, 2, 5, 77, -1}},
    {"ci-result", {0, 1, 2, 5, 77, -1}},
    {"run", {0, 74, 75, 78, -1}},
    {"once", {0, 3, 5, 75, 77, -1}},
    {"status", {0, 3, 69, 75, 77, -1}},
    {"list-firmwares", {0, 74, 75, 77, -1}},
    {"show", {0, 66, 74, 75, -1}},
    {"explain", {0, 74, 75, 78, -1}},
    {"retry", {0, 66, 74, 75, -1}},
    {"forget", {0, 66, 74, 75, -1}},
    {"pause", {0, 74, 75, -1}},
    {"resume", {0, 74, 75, -1}},
    {"rescan", {0, 69, -1}},
    {"sbom get", {0, 2, 65, 69, 77, -1}},
    {"sbom export", {0, 3, 69, 77, 78, -1}},
    {"sbom diff", {0, 1, 65, 66, 74, -1}},
    {"sbom history", {0, 66, 74, 75, -1}},
    {"sbom verify", {0, 65, 66, 74, 75, -1}},
    {"sbom accept", {0, 65, 66, 74, 75, -1}},
    {"list-tenants", {0, 69, 76, 77, 78, -1}},
    {"list-product-groups", {0, 69, 76, 77, 78, -1}},
    {"list-analysis-configurations", {0, 69, 76, 77, 78, -1}},
    {"query", {0, 65, 69, 76, 77, -1}},
    {"token check", {0, 69, 76, 77, 78, -1}},
    {"config check", {0, 69, 77, 78, -1}},
    {"config show", {0, 78, -1}},
    {"doctor", {0, 69, 74, 77, 78, -1}},
    {"completion", {0, 64, -1}},
};

static const char *meaning_of(int code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].code == code)
            return meanings[i].text;
    }
    abort();
}

/* gate: what 1 says here, where that are no findings; else NULL. */
static char *join(const int *codes, const char *gate)
{
    char *text = xasprintf("%d %s", codes[0], meaning_of(codes[0]));

    for (codes++; *codes >= 0; codes++) {
        auto_free char *before = text;

        text =
            xasprintf("%s, %d %s", before, *codes, *codes == 1 && gate ? gate : meaning_of(*codes));
    }
    return text;
}

char *help_exits_new(const struct command *command)
{
    const char *gate = strcmp(command->name, "sbom diff") == 0 ? "different" : NULL;

    for (size_t i = 0; i < sizeof exits / sizeof exits[0]; i++) {
        if (strcmp(exits[i].command, command->name) == 0)
            return join(exits[i].codes, gate);
    }
    return NULL;
}
