#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/suggest.h"
#include "base/zone_parts.h"

enum {
    NAME_MAX_SIZE = 64,         /* the longest so far has 32 */
    FILE_MAX_SIZE = 256 * 1024, /* the longest so far have 4 KiB */
    LIST_MAX_SIZE = 256 * 1024,
};

/* The file for UTC, for where there is none: no changes, one type, no rule. */
static const unsigned char utc_file[] = "TZif\0"
                                        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* reserved */
                                        "\0\0\0\0\0\0\0\0\0\0\0\0"       /* no leap seconds */
                                        "\0\0\0\0\0\0\0\1\0\0\0\4"       /* one type, its name */
                                        "\0\0\0\0\0\0UTC";

/* The two lists of names that come with the zones; the first one is the longer one. */
static const char *const lists[] = {"zone.tab", "zone1970.tab"};

static const char *zone_folder(void)
{
    const char *folder = getenv("TZDIR");

    return folder && *folder ? folder : "/usr/share/zoneinfo";
}

/* No name that could lead out of the folder: no dots at all, no empty parts. */
static bool is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_+-/";
    size_t size = strspn(name, letters);

    return size > 0 && name[size] == '\0' && size <= NAME_MAX_SIZE && name[0] != '/' &&
           name[size - 1] != '/' && !strstr(name, "//");
}

/* Fails with errno. A FIFO or a device must not hold anybody up. */
static int open_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;

    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(fd);
        errno = ENOENT;
        return -1;
    }
    return fd;
}

static const char *city_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

struct nearest {
    const char *same; /* but for capitals */
    struct suggest whole;
    struct suggest city; /* for those who forget or confuse the continent */
    const char *city_zone;
};

static void offer(struct nearest *nearest, const char *name)
{
    const char *city = city_of(name);

    if (strcasecmp(nearest->whole.word, name) == 0)
        nearest->same = name;
    suggest_offer(&nearest->whole, name);
    suggest_offer(&nearest->city, city);
    if (nearest->city.best == city)
        nearest->city_zone = name;
}

/* Lines of a list: country, place, zone, remark. Names end at what follows them. */
static void offer_list(struct nearest *nearest, char *text)
{
    char *rest = text;
    char *line;

    while ((line = strsep(&rest, "\n"))) {
        char *field = line;

        if (*line == '#')
            continue;
        strsep(&field, "\t");
        strsep(&field, "\t");
        const char *name = strsep(&field, "\t");
        if (name && is_name(name))
            offer(nearest, name);
    }
}

static bool unknown_zone(const char *name, struct err *err)
{
    struct nearest nearest = {.whole = {.word = name}, .city = {.word = city_of(name)}};
    auto_buf struct buf list = {.max = LIST_MAX_SIZE};
    auto_free char *shown = printable_new(name);
    struct err ignored;

    if (strlen(shown) > NAME_MAX_SIZE)
        return err_set(err, ERR_CONFIG, "this is no time zone: write one like Europe/Vienna");
    offer(&nearest, "UTC");
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && !list.bytes; i++) {
        auto_free char *path = xasprintf("%s/%s", zone_folder(), lists[i]);
        auto_fd int fd = open_file(path);

        // a help that is missing is no trouble of its own
        if (fd >= 0 && buf_read_fd(&list, fd, &ignored) && list.bytes)
            offer_list(&nearest, list.bytes);
    }
    const char *best = nearest.whole.best ? nearest.whole.best : nearest.city_zone;
    best = nearest.same ? nearest.same : best;
    if (best)
        return err_set(err, ERR_CONFIG, "no time zone is called \"%s\": did you mean %s", shown,
                       best);
    return err_set(err, ERR_CONFIG, "no time zone is called \"%s\": write one like Europe/Vienna",
                   shown);
}

static bool cannot_open(const char *name, int number, struct err *err)
{
    const char *folder = zone_folder();
    struct stat status;

    if (stat(folder, &status) != 0 && errno == ENOENT)
        return err_set(err, ERR_CONFIG, "find time zone %s: %s is missing: install tzdata", name,
                       folder);
    if (number == ENOENT || number == ENOTDIR)
        return unknown_zone(name, err);
    return err_sys(err, number, "open %s/%s", folder, name);
}

static struct zone *read_zone(const char *name, const char *path, int fd, struct err *err)
{
    auto_buf struct buf bytes = {.max = FILE_MAX_SIZE};

    if (!buf_read_fd(&bytes, fd, err)) {
        if (err->kind == ERR_PROTOCOL) // of the buffer: over its maximum
            err_set(err, ERR_CONFIG, "it is too large for a time zone: install tzdata again");
        err_wrap(err, "read %s", path);
        return NULL;
    }
    struct zone *zone = zone_parse(name, (const unsigned char *)bytes.bytes, bytes.size, err);
    if (!zone)
        err_wrap(err, "read %s", path);
    return zone;
}

struct zone *zone_new(const char *name, struct err *err)
{
    if (strcmp(name, "UTC") == 0)
        return zone_parse(name, utc_file, sizeof utc_file, err);
    if (!is_name(name)) {
        unknown_zone(name, err);
        return NULL;
    }
    auto_free char *path = xasprintf("%s/%s", zone_folder(), name);
    auto_fd int fd = open_file(path);

    if (fd < 0) {
        cannot_open(name, errno, err);
        return NULL;
    }
    return read_zone(name, path, fd, err);
}
