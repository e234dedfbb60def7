/*
 * fuzz_config.c - any bytes as the configuration file.
 *
 * Beyond not crashing: what is refused says why, and what is accepted is accepted
 * again in the form in which `config show` prints it, with the same values.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "config/config.h"
#include "config/config_show.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *home_only(const char *name)
{
    return strcmp(name, "HOME") == 0 ? "/home/ci" : NULL;
}

static struct config *load(const char *bytes, size_t size)
{
    const struct config_sources sources = {
        .file_name = "c.yaml", .file_bytes = bytes, .file_size = size, .environment = home_only};
    struct config_problems problems = {0};
    struct config *config = NULL;
    struct err err = {0};

    bool ok = config_load(&sources, &config, &problems, &err);
    if (ok != (problems.error_count == 0) || (!ok && err.kind != ERR_CONFIG))
        abort();
    config_problems_release(&problems);
    return config;
}

static json_t *values_of(const struct config *config)
{
    json_t *all = config_show_json(config);
    const char *path;
    json_t *entry;

    json_object_foreach(all, path, entry) json_object_del(entry, "origin");
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct config *config = load((const char *)bytes, size);
    auto_buf struct buf shown = {0};

    if (!config)
        return 0;
    config_show_text(config, &shown);
    // what was written in short may be over the size of a file when every default is told
    struct config *again = shown.size <= CONFIG_FILE_MAX ? load(shown.bytes, shown.size) : NULL;
    if (!again && shown.size <= CONFIG_FILE_MAX)
        abort();
    if (again) {
        auto_json json_t *values = values_of(config);
        auto_json json_t *values_again = values_of(again);
        if (!json_equal(values, values_again))
            abort();
    }
    config_free(again);
    config_free(config);
    return 0;
}
