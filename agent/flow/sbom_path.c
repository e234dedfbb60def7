#include "flow/sbom_path.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path_name.h"

const char *const sbom_path_names[] = {"vendor",        "product", "version",     "name",
                                       "product_group", "sha256",  "firmware_id", "watch",
                                       "ext",           "format",  NULL};

static const char *look_up(void *owner, const char *name)
{
    const struct sbom_place *place = owner;
    const struct sbom_subject *subject = place->subject;
    const char *const values[] = {
        subject->vendor,      subject->product,       subject->version,
        subject->name,        subject->product_group, subject->sha256,
        subject->firmware_id, subject->watch,         place->ext,
        place->format,
    };

    for (size_t i = 0; sbom_path_names[i]; i++) {
        if (strcmp(sbom_path_names[i], name) == 0)
            return values[i];
    }
    return NULL;
}

/* A product may be called as an index is: its folder must not lie where that goes. */
static bool is_reserved(const char *path)
{
    static const char *const names[] = {"index.json", "index.csv", "SHA256SUMS"};
    size_t size = strcspn(path, "/");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == size && strncasecmp(path, names[i], size) == 0)
            return true;
    }
    return false;
}

char *sbom_path_new(const struct template *path, const struct sbom_place *place, struct err *err)
{
    struct sbom_place copy = *place;
    auto_free char *filled = path_name_fill(path, look_up, &copy, err);

    if (!filled)
        return NULL;
    return is_reserved(filled) ? xasprintf("_%s", filled) : auto_take(filled);
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

const char *sbom_path_below(const char *directory, const char *path, const char *ext)
{
    size_t folder = strlen(directory);
    size_t size = strlen(path);
    size_t tail = ext ? strlen(ext) : 0;

    if (strncmp(path, directory, folder) != 0 || path[folder] != '/' || size < folder + tail + 2)
        return NULL;
    if (ext && (path[size - tail - 1] != '.' || strcmp(path + size - tail, ext) != 0))
        return NULL;
    return path + folder + 1;
}
