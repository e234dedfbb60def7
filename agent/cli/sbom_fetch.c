/*
 * sbom_fetch.c - a download into a nameless file, a look at what it is, then the delivery.
 *
 * The document reaches its folder only when it is known to be good: an interrupted call
 * leaves nothing there that somebody would have to clean up.
 */
#include "cli/sbom_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/publish.h"
#include "onekey/analysis.h"
#include "onekey/firmware.h"
#include "sbom/sbom_file.h"

enum { DOCUMENT_MAX_BYTES = 512 << 20, CHUNK_BYTES = 256 * 1024, NAMES_SIZE = 300 };

/* ---- which format ---- */

static void list_formats(const struct config_sbom *sbom, char names[NAMES_SIZE])
{
    size_t used = 0;

    names[0] = '\0';
    for (size_t i = 0; i < sbom->format_count && used < NAMES_SIZE; i++)
        used += (size_t)snprintf(names + used, NAMES_SIZE - used, "%s%s", i > 0 ? ", " : "",
                                 sbom->formats[i].name);
}

/* NULL: it is not configured. The first one stands for all who do not care. */
static const struct config_sbom_format *find_format(const struct config_sbom *sbom,
                                                    const char *name, struct err *err)
{
    char names[NAMES_SIZE];

    for (size_t i = 0; i < sbom->format_count; i++) {
        if (!name || strcmp(sbom->formats[i].name, name) == 0)
            return &sbom->formats[i];
    }
    auto_free char *shown = printable_new(name);
    list_formats(sbom, names);
    err_set(err, ERR_CONFIG, "find SBOM format %.100s: sbom.formats has %s", shown, names);
    return NULL;
}

/* ---- where to ---- */

/* A file that is going to be replaced, or made. */
struct target {
    char *folder;
    char *name;
    mode_t mode;
};

static void target_release(struct target *target)
{
    free(target->folder);
    free(target->name);
}

#define auto_target __attribute__((cleanup(target_release)))

static bool refuse(const char *verb, const char *path, const char *why, struct err *err)
{
    auto_free char *shown = printable_new(path);

    return err_set(err, ERR_IO, "%s %s: %s", verb, shown, why);
}

/* What a new file of this user's gets. There is no other way to read it than to set it. */
static mode_t usual_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return (mode_t)(0666 & ~mask);
}

/* Before the download: hundreds of megabytes must not be fetched for a typing mistake. */
static bool check_folder(const struct target *target, struct err *err)
{
    struct stat facts;

    if (stat(target->folder, &facts) != 0)
        return refuse("write into", target->folder, strerrordesc_np(errno), err);
    if (!S_ISDIR(facts.st_mode))
        return refuse("write into", target->folder, "that is no folder", err);
    if (access(target->folder, W_OK | X_OK) != 0)
        return refuse("write into", target->folder, strerrordesc_np(errno), err);
    return true;
}

/* publish.h takes a folder and a name in it. */
static void split(const char *path, struct target *target)
{
    const char *slash = strrchr(path, '/');

    target->name = xstrdup(slash ? slash + 1 : path);
    if (!slash)
        target->folder = xstrdup(".");
    else
        target->folder = slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/*
 * A link is followed: the file that it leads to is replaced, and keeps its mode. The file itself
 * is asked before its name: /dev/stdout leads to a pipe, which has a name that leads nowhere.
 */
static bool find_target(const char *file, struct target *target, struct err *err)
{
    struct stat facts;
    bool is_new = lstat(file, &facts) != 0 && errno == ENOENT;

    if (!is_new && stat(file, &facts) != 0)
        return refuse("write", file, strerrordesc_np(errno), err);
    /* A rename would put a file in the place of a device. */
    if (!is_new && !S_ISREG(facts.st_mode))
        return refuse("write", file, "not a regular file; without it stdout is used", err);
    auto_free char *path = is_new ? xstrdup(file) : realpath(file, NULL);
    if (!path)
        return refuse("write", file, strerrordesc_np(errno), err);
    target->mode = is_new ? usual_mode() : facts.st_mode & 0777;
    split(path, target);
    if (target->name[0] == '\0')
        return refuse("write", file, "that names a folder", err);
    return check_folder(target, err);
}

/* ---- the document ---- */

struct fetching {
    struct platform *platform;
    int fd;
    struct sbom_fetched *fetched;
    struct err *err; /* of the inspection under way */
    long status;     /* of the last answer */
    bool is_over;
};

static void on_inspected(void *owner, const struct sbom_file_result *result, const struct err *err)
{
    struct fetching *fetching = owner;

    fetching->is_over = true;
    if (err) {
        *fetching->err = *err;
        return;
    }
    fetching->fetched->facts = result->facts;
    fetching->fetched->size = result->size;
    memcpy(fetching->fetched->sha256, result->sha256, sizeof result->sha256);
}

/* The status of an unfinished analysis is not documented: any of these may be it. */
static bool is_not_yet(const struct platform_end *end, const struct err *err)
{
    static const long statuses[] = {202, 204, 404, 409, 425};

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (end->status == statuses[i])
            return true;
    }
    return err->kind == ERR_OK && end->size == 0;
}

/* What is no SBOM may be one the next time: a proxy's page, an answer that was cut. */
static void judge(void *owner, const struct platform_end *end, struct err *err)
{
    struct fetching *fetching = owner;

    fetching->status = end->status;
    if (is_not_yet(end, err))
        err_set(err, ERR_NOT_YET, "the platform has no SBOM yet (HTTP %ld)", end->status);
    if (err->kind != ERR_OK)
        return;
    fetching->err = err;
    fetching->is_over = false;
    sbom_file_start(platform_loop(fetching->platform), fetching->fd, -1, on_inspected, fetching);
    platform_run_until(fetching->platform, &fetching->is_over);
    if (err->kind == ERR_DATA) {
        err->kind = ERR_PROTOCOL;
        err_wrap(err, "refused what the platform sent");
    }
}

/* ---- why there is none ---- */

struct asked {
    const char *id;
    struct analysis analysis;
};

static bool read_analysis(void *owner, const char *bytes, size_t size, struct err *err)
{
    struct asked *asked = owner;

    return analysis_reply(bytes, size, &asked->id, 1, &asked->analysis, err);
}

/* Always false. */
static bool tell_absence(const struct asked *asked, long status, struct err *err)
{
    const char *id = asked->id;
    const struct analysis *analysis = &asked->analysis;

    switch (analysis->state) {
    case ANALYSIS_UNKNOWN_FIRMWARE:
        return err_set(err, ERR_REJECTED,
                       "no firmware has the ID %s, or the token may not see it: list-firmwares "
                       "--remote lists those that it sees",
                       id);
    case ANALYSIS_RIGHTS_MISSING:
        return err_set(err, ERR_RIGHTS, "the token may not see firmware %s: %s", id,
                       analysis->reason);
    case ANALYSIS_UNREADABLE:
        return err_set(err, ERR_SERVER, "the platform cannot tell about firmware %s: %s", id,
                       analysis->reason);
    case ANALYSIS_NOT_STARTED:
    case ANALYSIS_RUNNING:
        return err_set(err, ERR_NOT_YET,
                       "there is no SBOM yet: the analysis of firmware %s %s%s; ci-result "
                       "--firmware-id %s waits for it",
                       id, analysis->state_text[0] ? "is " : "has not begun", analysis->state_text,
                       id);
    case ANALYSIS_COMPLETE:
        return err_set(err, ERR_NOT_YET,
                       "there is no SBOM (HTTP %ld) though the analysis of firmware %s is "
                       "complete: try again in some minutes",
                       status, id);
    case ANALYSIS_FAILED:
        return err_set(err, ERR_ANALYSIS,
                       "there is no SBOM: the platform's analysis of firmware %s ended with %s; "
                       "look at it there, or upload the image again",
                       id, analysis->result_text[0] ? analysis->result_text : "no result");
    }
    abort();
}

/* The endpoint says 404 for several reasons; which it is, only the firmware itself tells. */
static bool explain_absence(const struct fetching *fetching, const char *id, struct err *err)
{
    struct asked asked = {.id = id};
    auto_free char *request = analysis_request(&id, 1);

    if (!platform_ask(fetching->platform, request, read_analysis, &asked, err))
        return err_wrap(err, "find out why firmware %s has no SBOM", id);
    tell_absence(&asked, fetching->status, err);
    analysis_release(&asked.analysis, 1);
    return false;
}

static bool download(struct fetching *fetching, const char *id, const char *query, struct err *err)
{
    auto_free char *path = NULL;

    if (!firmware_sbom_path(id, query, &path, err))
        return false;
    const struct platform_download wanted = {
        .path = path,
        .fd = fetching->fd,
        .max_size = DOCUMENT_MAX_BYTES,
        .judge = judge,
        .owner = fetching,
    };
    if (platform_fetch(fetching->platform, &wanted, err))
        return true;
    if (err->kind == ERR_NOT_YET)
        return explain_absence(fetching, id, err);
    return err_wrap(err, "fetch the SBOM of firmware %s", id);
}

/* ---- delivery ---- */

/* Where each piece goes. */
struct sink {
    struct out *out; /* or, for NULL: */
    int fd;
};

static bool put(const struct sink *sink, const char *bytes, size_t size, struct err *err)
{
    if (sink->out)
        out_text(sink->out, bytes, size);
    while (!sink->out && size > 0) {
        ssize_t written = write(sink->fd, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return err_sys(err, errno, "write the SBOM");
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

static bool copy(int fd, const struct sink *sink, struct err *err)
{
    auto_free char *chunk = xcalloc(1, CHUNK_BYTES);

    for (off_t at = 0;;) {
        ssize_t got = pread(fd, chunk, CHUNK_BYTES, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(err, errno, "read the temporary file");
        if (got == 0)
            return true;
        if (!put(sink, chunk, (size_t)got, err))
            return false;
        at += got;
    }
}

/* A copy in the file's own folder: only there a rename replaces it in one step. */
static bool replace(int fd, const struct target *target, struct err *err)
{
    struct publish file;

    if (!publish_open(target->folder, &file, err))
        return false;
    const struct sink sink = {.fd = file.fd};
    bool ok = copy(fd, &sink, err) && publish_commit(&file, target->name, target->mode, err);
    publish_discard(&file);
    return ok;
}

char *sbom_fetch_summary(const struct sbom_facts *facts)
{
    const char *title = sbom_kind_title(facts->kind);

    if (facts->newer)
        return xasprintf("%s %s, newer than this program knows: components not counted", title,
                         facts->spec_version);
    if (facts->components == 0)
        return xasprintf("%s %s without components: encrypted and RTOS images have none", title,
                         facts->spec_version);
    return xasprintf("%s %s, %jd component%s", title, facts->spec_version,
                     (intmax_t)facts->components, facts->components == 1 ? "" : "s");
}

bool sbom_fetch(struct platform *platform, const struct config *config,
                const struct sbom_fetch *want, struct out *out, struct sbom_fetched *fetched,
                struct err *err)
{
    const struct config_sbom_format *format = find_format(&config->sbom, want->format, err);
    auto_target struct target target = {0};

    if (!format)
        return false;
    if (!firmware_id_is_sane(want->firmware_id))
        return err_set(err, ERR_USAGE, "fetch an SBOM: that is no firmware ID");
    if (want->file && !find_target(want->file, &target, err))
        return false;
    auto_fd int fd = platform_scratch(platform, err);
    if (fd < 0)
        return false;
    *fetched = (struct sbom_fetched){.format = format->name};
    struct fetching fetching = {.platform = platform, .fd = fd, .fetched = fetched};
    if (!download(&fetching, want->firmware_id, format->query, err))
        return false;
    if (want->file)
        return replace(fd, &target, err);
    return copy(fd, &(const struct sink){.out = out}, err);
}
