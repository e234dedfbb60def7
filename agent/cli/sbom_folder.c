/*
 * sbom_folder.c - first the files that the ledger knows, then what else there is.
 *
 * Strangers may write into the folder (it is there to be read by others): everything is opened
 * below its descriptor by base/beneath.h, which refuses links anywhere in a path, and a FIFO is
 * recognised before it is opened.
 */
#include "cli/sbom_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/beneath.h"
#include "base/mem.h"

enum { CHUNK_BYTES = 256 * 1024, DEPTH_MAX = 64 };

/* What publish.h leaves for a moment in the folder itself. */
static bool is_temporary(const char *name)
{
    static const char prefix[] = ".onekey-agent.";
    size_t size = strlen(name);

    return strncmp(name, prefix, sizeof prefix - 1) == 0 && size > 4 &&
           strcmp(name + size - 4, ".tmp") == 0;
}

static bool is_index(const char *name)
{
    return strcmp(name, "index.json") == 0 || strcmp(name, "index.csv") == 0 ||
           strcmp(name, "SHA256SUMS") == 0;
}

static bool digest_fd(int fd, char hex[DIGEST_HEX_SIZE], struct err *err)
{
    auto_free char *chunk = xcalloc(1, CHUNK_BYTES);
    struct digest *digest = digest_new();
    ssize_t got;

    while ((got = read(fd, chunk, CHUNK_BYTES)) > 0 || (got < 0 && errno == EINTR)) {
        if (got > 0)
            digest_add(digest, chunk, (size_t)got);
    }
    if (got < 0)
        err_sys(err, errno, "read it");
    digest_hex(digest, hex);
    digest_free(digest);
    return got == 0;
}

static bool digest_below(int root_fd, const char *relpath, char hex[DIGEST_HEX_SIZE],
                         struct err *err)
{
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;

    return beneath_open_file(root_fd, relpath, BENEATH_NO_LINKS, &file, err) &&
           digest_fd(file.fd, hex, err);
}

/* A file of an earlier sbom.directory, in its own folder. */
static bool digest_elsewhere(const char *path, char hex[DIGEST_HEX_SIZE], struct err *err)
{
    const char *name = strrchr(path, '/') + 1;
    auto_free char *parent = xstrndup(path, (size_t)(name - path));
    auto_fd int fd = -1;

    if (beneath_open_root(parent, &fd, err))
        return digest_below(fd, name, hex, err);
    if (access(parent, F_OK) != 0 && errno == ENOENT)
        err->kind = ERR_GONE;
    return false;
}

/* NULL: it lies elsewhere. */
static const char *relpath_of(const struct sbom_folder *folder, const char *path)
{
    size_t size = strlen(folder->path);

    if (strncmp(path, folder->path, size) != 0 || path[size] != '/' || path[size + 1] == '\0')
        return NULL;
    return path + size + 1;
}

static void note_trouble(struct sbom_folder *folder, const char *path, const struct err *why)
{
    const struct finding finding = {
        .kind = FINDING_UNREADABLE, .path = path, .problem = why->message};

    if (folder->trouble.kind == ERR_OK)
        folder->trouble = *why;
    finding_tell(folder->findings, &finding);
}

/* ---- what should be there ---- */

static bool digest_expected(const struct sbom_folder *folder, const char *path,
                            char hex[DIGEST_HEX_SIZE], struct err *err)
{
    const char *relpath = relpath_of(folder, path);

    if (!relpath)
        return digest_elsewhere(path, hex, err);
    return sbom_folder_digest(folder, relpath, hex, err);
}

static void judge(struct sbom_folder *folder, const struct sbom_expected *expected, const char *hex,
                  const struct err *why)
{
    struct finding finding = {
        .path = expected->path,
        .firmware_id = expected->firmware_id,
        .format = expected->format,
        .expected = expected->sha256,
        .found = why->kind == ERR_OK ? hex : NULL,
    };

    if (why->kind == ERR_OK && strcmp(hex, expected->sha256) == 0)
        return;
    if (expected->is_unplaced)
        finding.kind = FINDING_UNPLACED;
    else if (why->kind == ERR_OK)
        finding.kind = FINDING_CHANGED;
    else if (why->kind == ERR_GONE)
        finding.kind = FINDING_MISSING;
    else {
        note_trouble(folder, expected->path, why);
        return;
    }
    finding_tell(folder->findings, &finding);
}

void sbom_folder_check(struct sbom_folder *folder, const struct sbom_expected *expected)
{
    const char *relpath = relpath_of(folder, expected->path);
    char hex[DIGEST_HEX_SIZE] = "";
    struct err why = {.kind = ERR_OK};

    folder->files++;
    if (relpath)
        (void)sbom_known_add(&folder->known, relpath, expected->sha256, expected->since_ms);
    (void)digest_expected(folder, expected->path, hex, &why);
    judge(folder, expected, hex, &why);
}

/* ---- what should not ---- */

static void tell_extra(struct sbom_folder *folder, const char *relpath, const char *problem)
{
    auto_free char *path = xasprintf("%s/%s", folder->path, relpath);
    const struct finding finding = {.kind = FINDING_EXTRA, .path = path, .problem = problem};

    finding_tell(folder->findings, &finding);
}

static void walk(struct sbom_folder *folder, const char *relpath, int depth);

static void look_at(struct sbom_folder *folder, const char *relpath, const struct stat *facts,
                    int depth)
{
    if (S_ISDIR(facts->st_mode)) {
        if (depth < DEPTH_MAX)
            walk(folder, relpath, depth + 1);
        else
            tell_extra(folder, relpath, "too deep a folder to look into");
        return;
    }
    if (!S_ISREG(facts->st_mode))
        tell_extra(folder, relpath, beneath_kind_text(facts->st_mode));
    else if (!sbom_known_find(&folder->known, relpath))
        tell_extra(folder, relpath, NULL);
}

static void look_at_entry(struct sbom_folder *folder, int dir_fd, const char *parent,
                          const char *name, int depth)
{
    auto_free char *relpath = *parent ? xasprintf("%s/%s", parent, name) : xstrdup(name);
    struct stat facts;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return;
    if (depth == 0 && (is_index(name) || is_temporary(name)))
        return;
    /* One that goes just now is no finding. */
    if (fstatat(dir_fd, name, &facts, AT_SYMLINK_NOFOLLOW) == 0)
        look_at(folder, relpath, &facts, depth);
}

static void auto_dir_fn(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

#define auto_dir __attribute__((cleanup(auto_dir_fn)))

/* As deep as folders are nested; a path leads to each, since links are never followed. */
static void walk(struct sbom_folder *folder, const char *relpath, int depth)
{
    auto_free char *path = xasprintf("%s%s%s", folder->path, *relpath ? "/" : "", relpath);
    const struct dirent *entry;
    struct err why;
    int fd;

    if (!beneath_open_directory(folder->fd, relpath, &fd, &why)) {
        note_trouble(folder, path, &why);
        return;
    }
    auto_dir DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return;
    }
    while ((entry = readdir(dir)))
        look_at_entry(folder, fd, relpath, entry->d_name, depth);
}

void sbom_folder_walk(struct sbom_folder *folder)
{
    if (folder->fd >= 0)
        walk(folder, "", 0);
}

/* ---- the folder itself ---- */

bool sbom_folder_digest(const struct sbom_folder *folder, const char *relpath,
                        char hex[DIGEST_HEX_SIZE], struct err *err)
{
    if (folder->fd < 0)
        return err_set(err, ERR_GONE, "the folder is not there");
    return digest_below(folder->fd, relpath, hex, err);
}

bool sbom_folder_open(const char *path, struct findings *findings, struct sbom_folder *folder,
                      struct err *err)
{
    *folder = (struct sbom_folder){.path = path, .fd = -1, .findings = findings};
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    return beneath_open_root(path, &folder->fd, err);
}

void sbom_folder_close(struct sbom_folder *folder)
{
    if (folder->fd >= 0)
        close(folder->fd);
    sbom_known_release(&folder->known);
}
