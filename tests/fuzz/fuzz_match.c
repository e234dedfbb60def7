/*
 * fuzz_match.c - a glob from a configuration, a path from a file system.
 *
 * The input is the glob, a newline, the path.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "watch/match.h"
#include "watch/rule.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void try_companion(const char *template, const char *path)
{
    const struct rule_options options = {.marker = template};
    struct err err;
    auto_rule_set struct rule_set *set = rule_set_new(&options, &err);

    if (!set || *path == '/')
        return;
    auto_free char *marker = rule_marker_path(set, path);

    if (*marker != '/')
        (void)rule_judge(set, marker, RULE_FILE);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    auto_free char *glob = xstrndup((const char *)bytes, size);
    char *path = strchr(glob, '\n');
    struct err err;

    if (!path)
        return 0;
    *path++ = '\0';
    auto_match struct match *match = match_new(glob, &err);

    if (match) {
        bool is_below = match_below(match, path);
        auto_free char *inside = xasprintf("%s%sx/y", path, *path ? "/" : "");

        /* What holds for everything below holds for a file below. */
        if (is_below && !match_path(match, inside))
            abort();
        (void)match_path(match, path);
    }
    try_companion(glob, path);
    return 0;
}
