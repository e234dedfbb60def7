/*
 * http_upload.c - files as one multipart POST.
 *
 * Readers run ahead of libcurl, which takes from them in its read callback and is told to pause
 * when a reader has nothing yet or the bandwidth is used up. The connection is opened when the
 * first bytes are there: a small file that changed never gets that far.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/http_reader.h"
#include "net/http_request.h"
#include "net/http_url.h"

enum {
    CHUNK_ALONE = 1 << 20,   /* read ahead, and libcurl's buffer */
    CHUNK_AMONG = 256 << 10, /* when other uploads use memory too */
    CURL_BUFFER_MIN = 64 << 10,
    EXPECT_ABOVE = 1 << 20,
    EXPECT_WAIT_MS = 5000,
    ANSWER_BYTES_PER_MS = (10 << 20) / 1000,
    GRANT_SHARE = 16, /* no send below this share of the burst: it would cost more than it moves */
};

struct upload_part {
    struct http_upload *upload;
    struct http_part part; /* owns its texts */
    char *name, *file_name, *content_type, *expect_sha256;
    struct http_reader *reader; /* NULL: nothing to read */
};

struct http_upload {
    struct http_request request; /* first: cast from it */
    curl_mime *mime;
    bool is_hungry; /* paused until a reader has something */
    size_t chunk_size;
    size_t count;
    struct upload_part *parts;
    char (*sha256)[DIGEST_HEX_SIZE];
};

static struct http_upload *upload_of(struct http_request *request)
{
    return (struct http_upload *)request;
}

/* Both calls: a pause that fell together with header bytes has not reached libcurl's own state
 * yet, and lifting it would do nothing, for ever. */
static void resume(struct http_request *request)
{
    if (!request->is_paused || request->stage != STAGE_RUNNING)
        return;
    request->is_paused = false;
    upload_of(request)->is_hungry = false;
    curl_easy_pause(request->easy.curl, CURLPAUSE_SEND);
    curl_easy_pause(request->easy.curl, CURLPAUSE_CONT);
}

/* 0: nothing before the next pace. Everybody gets a share, and no crumbs. */
static size_t grant(struct http *http, size_t wanted)
{
    int64_t burst = http->upload_bytes.burst;
    int64_t share = burst / (http->uploads > 0 ? http->uploads : 1);
    int64_t most = (int64_t)wanted;

    if (http->upload_bytes.rate > 0 && most > share)
        most = share > 0 ? share : 1;
    return (size_t)http_limit_take(&http->upload_bytes, most, burst / GRANT_SHARE,
                                   uv_hrtime() / 1000);
}

/* libcurl's read callback. */
static size_t on_wanted(char *to, size_t size, size_t count, void *userdata)
{
    struct upload_part *part = userdata;
    struct http_request *request = &part->upload->request;
    size_t ready = http_reader_ready(part->reader);
    size_t wanted = size * count < ready ? size * count : ready;

    if (request->is_paused)
        return CURL_READFUNC_PAUSE;
    if (ready > 0)
        wanted = grant(request->http, wanted);
    if (wanted == 0) {
        request->is_paused = true;
        part->upload->is_hungry = ready == 0;
        if (ready > 0)
            http_throttle(request);
        return CURL_READFUNC_PAUSE;
    }
    http_reader_take(part->reader, to, wanted);
    return wanted;
}

/*
 * A peer that says no in the middle of the body and hangs up makes our next send fail, and libcurl
 * then closes without reading what was said. Over plain HTTP it can still be read here.
 */
static int on_close(void *userdata, curl_socket_t fd)
{
    struct http_request *request = userdata;
    char text[4096];
    long status = 0;

    if (http_request_status(request) == 0 && http_url_is_plain(request->url)) {
        ssize_t got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);

        text[got > 0 ? got : 0] = '\0';
        if (strncmp(text, "HTTP/1.", 7) == 0 && text[7] != '\0')
            status = strtol(text + 8, NULL, 10);
    }
    if (status >= 400 && status < 600) {
        char *body = strstr(text, "\r\n\r\n");

        request->late_status = status;
        if (body)
            http_request_keep(body + 4, 1, strlen(body + 4), request);
    }
    return close(fd);
}

static const struct err *find_failure(const struct http_upload *upload)
{
    for (size_t i = 0; i < upload->count; i++) {
        const struct http_reader *reader = upload->parts[i].reader;

        if (reader && http_reader_failure(reader))
            return http_reader_failure(reader);
    }
    return NULL;
}

/* The next file is read ahead once the one before it is all in memory. */
static void start_next_reader(struct http_upload *upload)
{
    for (size_t i = 0; i < upload->count; i++) {
        struct http_reader *reader = upload->parts[i].reader;

        if (!reader)
            continue;
        if (!http_reader_has_started(reader))
            http_reader_start(reader, upload->chunk_size);
        if (!http_reader_is_read(reader))
            return;
    }
}

static void on_change(void *owner)
{
    struct http_upload *upload = owner;
    struct http_request *request = &upload->request;
    const struct err *failure = find_failure(upload);

    if (request->stage == STAGE_ENDED) {
        http_request_settle(request);
        return;
    }
    if (failure) {
        http_request_end(request, failure);
        return;
    }
    start_next_reader(upload);
    if (request->stage == STAGE_PREPARING)
        http_request_start(request);
    else if (upload->is_hungry)
        resume(request);
}

static void stop(struct http_request *request)
{
    const struct http_upload *upload = upload_of(request);

    for (size_t i = 0; i < upload->count; i++) {
        if (upload->parts[i].reader)
            http_reader_stop(upload->parts[i].reader);
    }
}

static bool is_busy(const struct http_request *request)
{
    const struct http_upload *upload = (const struct http_upload *)request;
    bool is_any = false;

    for (size_t i = 0; i < upload->count; i++) {
        const struct http_reader *reader = upload->parts[i].reader;

        is_any = is_any || (reader && http_reader_is_busy(reader));
    }
    return is_any;
}

static void fill_reply(const struct http_request *request, struct http_reply *reply)
{
    const struct http_upload *upload = (const struct http_upload *)request;

    for (size_t i = 0; i < upload->count; i++) {
        const struct http_reader *reader = upload->parts[i].reader;

        if (reader)
            memcpy(upload->sha256[i], http_reader_sha256(reader),
                   strlen(http_reader_sha256(reader)) + 1);
    }
    reply->part_sha256 = (const char(*)[DIGEST_HEX_SIZE])upload->sha256;
}

static void release(struct http_request *request)
{
    struct http_upload *upload = upload_of(request);

    curl_mime_free(upload->mime);
    for (size_t i = 0; i < upload->count; i++) {
        struct upload_part *part = &upload->parts[i];

        http_reader_free(part->reader);
        free(part->name);
        free(part->file_name);
        free(part->content_type);
        free(part->expect_sha256);
    }
    free(upload->parts);
    free(upload->sha256);
}

static const struct http_request_kind upload_kind = {
    .is_upload = true,
    .any_markup = true,
    .stop = stop,
    .is_busy = is_busy,
    .resume = resume,
    .reply = fill_reply,
    .release = release,
};

static bool is_fit(const char *name)
{
    for (; *name; name++) {
        if ((unsigned char)*name < 0x20 || *name == 0x7f || *name == '"')
            return false;
    }
    return true;
}

static bool check(const struct http_form *form, struct err *err)
{
    assert(form->count > 0);
    for (size_t i = 0; i < form->count; i++) {
        const struct http_part *part = &form->parts[i];

        /* libcurl would send another name than the file's. */
        if (!is_fit(part->name) || !is_fit(part->file_name))
            return err_set(err, ERR_DATA,
                           "send the file: its name has quotes or control characters");
    }
    return true;
}

/* The caller's texts may be gone before the upload is. */
static void copy_part(struct http_upload *upload, size_t i, const struct http_part *from,
                      void *owner)
{
    struct upload_part *part = &upload->parts[i];

    part->upload = upload;
    part->part = *from;
    text_replace(&part->name, from->name);
    text_replace(&part->file_name, from->file_name);
    text_replace(&part->content_type,
                 from->content_type ? from->content_type : "application/octet-stream");
    text_replace(&part->expect_sha256, from->expect_sha256);
    part->part.name = part->name;
    part->part.file_name = part->file_name;
    part->part.content_type = part->content_type;
    part->part.expect_sha256 = part->expect_sha256;
    upload->request.expected += from->size;
    if (from->size == 0)
        return;
    part->reader = http_reader_new(upload->request.http->loop, &part->part, owner);
    http_reader_on_change(part->reader, on_change, upload);
}

static bool add_mime_part(struct upload_part *part)
{
    curl_mimepart *made = curl_mime_addpart(part->upload->mime);

    /* No seek callback: what cannot be rewound is never sent twice. */
    return made && curl_mime_name(made, part->name) == CURLE_OK &&
           curl_mime_filename(made, part->file_name) == CURLE_OK &&
           curl_mime_type(made, part->content_type) == CURLE_OK &&
           curl_mime_data_cb(made, part->part.size, on_wanted, NULL, NULL, part) == CURLE_OK;
}

static void configure(struct http_upload *upload)
{
    struct http_request *request = &upload->request;
    struct http_easy *easy = &request->easy;
    int64_t stall_ms = request->http->stall_timeout_ms;
    bool expects = request->expected > EXPECT_ABOVE;
    int64_t buffer = request->expected < (int64_t)upload->chunk_size ? request->expected
                                                                     : (int64_t)upload->chunk_size;

    upload->mime = curl_mime_init(easy->curl);
    if (!upload->mime)
        abort();
    for (size_t i = 0; i < upload->count; i++) {
        if (!add_mime_part(&upload->parts[i]))
            abort(); /* only for want of memory */
    }
    /* Of large files the answer "no" should come before the body. */
    if (!expects)
        http_request_header(request, "Expect:");
    http_easy_set(easy, CURLOPT_EXPECT_100_TIMEOUT_MS,
                  (long)(stall_ms / 2 < EXPECT_WAIT_MS ? stall_ms / 2 : EXPECT_WAIT_MS));
    http_easy_set(easy, CURLOPT_MIMEPOST, upload->mime);
    http_easy_set(easy, CURLOPT_UPLOAD_BUFFERSIZE,
                  (long)(buffer > CURL_BUFFER_MIN ? buffer : CURL_BUFFER_MIN));
    http_easy_set(easy, CURLOPT_FRESH_CONNECT, 1L);
    http_easy_set(easy, CURLOPT_FORBID_REUSE, 1L); /* so it also ends before the request does */
    http_easy_set(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    http_easy_set(easy, CURLOPT_CLOSESOCKETDATA, request);
    http_easy_set(easy, CURLOPT_WRITEFUNCTION, http_request_keep);
    http_easy_set(easy, CURLOPT_WRITEDATA, request);
}

static struct http_upload *upload_new(struct http *http, const struct http_form *form, void *owner)
{
    struct http_upload *upload = xcalloc(1, sizeof *upload);
    struct http_request *request = &upload->request;

    http_request_init(request, http, &upload_kind, form->url, NULL);
    request->authenticated = true;
    request->max_answer = form->max_answer;
    /* The first of several keeps its large buffers: it was alone when it began. */
    upload->chunk_size = http->uploads == 0 ? CHUNK_ALONE : CHUNK_AMONG;
    upload->count = form->count;
    upload->parts = xcalloc(form->count, sizeof *upload->parts);
    upload->sha256 = xcalloc(form->count, sizeof *upload->sha256);
    for (size_t i = 0; i < form->count; i++)
        copy_part(upload, i, &form->parts[i], owner);
    request->patience = (struct http_patience){
        .stall_ms = http->stall_timeout_ms,
        .answer_ms = http->answer_timeout_ms + request->expected / ANSWER_BYTES_PER_MS,
    };
    configure(upload);
    return upload;
}

struct op *http_upload(struct http *http, const struct http_form *form, http_done_fn *done,
                       void *owner, struct err *err)
{
    if (!http_request_check(http, form->url, true, false, err) || !check(form, err))
        return NULL;
    struct http_upload *upload = upload_new(http, form, owner);

    http_request_begin(&upload->request, done, owner);
    if (upload->request.expected == 0)
        http_request_start(&upload->request);
    else
        start_next_reader(upload);
    return &upload->request.op;
}
