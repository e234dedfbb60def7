/*
 * fuzz_template.c - a template from a configuration, values from the platform.
 *
 * The input is the template, a newline, the value of every name. Whatever they are, a
 * filled path stays below its folder.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path_name.h"
#include "base/printable.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static const char *on_lookup(void *owner, const char *name)
{
    return *name == 'c' ? NULL : owner;
}

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_component(const char *component, size_t size)
{
    require(size > 0 && size <= PATH_NAME_COMPONENT_MAX_BYTES);
    require(size > 1 || *component != '.');
    require(size != 2 || strncmp(component, "..", 2) != 0);
}

static void check_path(const char *path)
{
    require(strlen(path) <= PATH_NAME_FILLED_MAX_BYTES && printable_is(path));
    for (;;) {
        size_t size = strcspn(path, "/");

        check_component(path, size);
        if (path[size] == '\0')
            return;
        path += size + 1;
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static const char *const names[] = {"a", "b", "c", TEMPLATE_ENV, NULL};
    auto_free char *text = xstrndup((const char *)bytes, size);
    char *value = strchr(text, '\n');
    struct err err;

    if (!value)
        return 0;
    *value++ = '\0';
    auto_free char *name = path_name_new(value);
    auto_template struct template *template = template_new(text, names, &err);

    check_component(name, strlen(name));
    require(!strchr(name, '/') && strlen(name) <= PATH_NAME_MAX_BYTES);
    if (!template)
        return 0;
    auto_free char *path = path_name_fill(template, on_lookup, value, &err);

    if (path)
        check_path(path);
    return 0;
}
