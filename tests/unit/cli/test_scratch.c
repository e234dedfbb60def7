#include "test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "cli/scratch.h"
#include "tree.h"

static struct tree chosen;

static const char *in_chosen(const char *name)
{
    return strcmp(name, "TMPDIR") == 0 ? chosen.path : NULL;
}

static const char *in_none(const char *name)
{
    return strcmp(name, "TMPDIR") == 0 ? "/nonexistent/folder" : NULL;
}

static void it_is_where_tmpdir_says_and_has_no_name(void **state)
{
    struct stat file;
    struct stat folder;
    struct err err;

    (void)state;
    tree_make(&chosen);
    auto_fd int fd = scratch_open(in_chosen, &err);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &file), 0);
    assert_int_equal(stat(chosen.path, &folder), 0);
    assert_true(file.st_dev == folder.st_dev);
    assert_int_equal(file.st_nlink, 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(rmdir(chosen.path), 0); /* it is empty */
    close(chosen.fd);
}

static void another_folder_is_tried_when_that_one_is_not_there(void **state)
{
    struct err err;

    (void)state;
    auto_fd int fd = scratch_open(in_none, &err);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_where_tmpdir_says_and_has_no_name),
        cmocka_unit_test(another_folder_is_tried_when_that_one_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
