#include "flow/sbom_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path_name.h"
#include "flow/sbom_flow.h"

const char *const sbom_path_names[] = {"vendor",        "product", "version",     "name",
                                       "product_group", "sha256",  "firmware_id", "watch",
                                       "ext",           "format",  NULL};

static const char *look_up(void *owner, const char *name)
{
    const struct sbom_place *place = owner;
    const struct item *item = place->item;
    const char *const values[] = {
        item->vendor, item->product,     item->version, item->name, item->product_group,
        item->sha256, item->firmware_id, item->watch,   place->ext, place->format,
    };

    for (size_t i = 0; sbom_path_names[i]; i++) {
        if (strcmp(sbom_path_names[i], name) == 0)
            return values[i];
    }
    return NULL;
}

char *sbom_path_new(const struct template *path, const struct sbom_place *place, struct err *err)
{
    struct sbom_place copy = *place;

    return path_name_fill(path, look_up, &copy, err);
}

char *sbom_path_apart(const char *path, const struct sbom_place *place)
{
    auto_free char *format = path_name_new(place->format);
    size_t size = strlen(path);
    size_t tail = strlen(place->ext);
    bool has_ext = size > tail + 1 && strcmp(path + size - tail, place->ext) == 0;
    size_t stem = has_ext ? size - tail - 1 : size;

    return xasprintf("%.*s-%s%s", (int)stem, path, format, path + stem);
}
