/* Simulates a disk that loses power: of the files in one folder, only synchronised content survives.
 *
 * Loaded before libc (LD_PRELOAD). Whenever a file in the folder POWER_FOLDER is synchronised, it is copied to
 * POWER_KEPT/<inode>; whenever the folder itself is, POWER_KEPT/names/<name> is rewritten for each file in it and
 * contains its inode. Names and contents are stored separately, as on a disk: a synchronised file whose name was
 * not synchronised is lost.
 *
 * Nothing else changes: writes, and reads of written data, work as usual. To cut the power, a test kills the
 * process and replaces the folder's files with the copies. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int (*sync_call)(int);

/* One at a time: a copy must not replace a later one. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void fail(const char *what) {
    perror(what);
    abort();
}

/* Copies the current content of a file. The caller renames the copy after the synchronisation has succeeded. */
static void copy(int from, const char *to) {
    char buffer[65536];
    off_t at = 0;
    ssize_t got;
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0) fail(to);
    while ((got = pread(from, buffer, sizeof buffer, at)) > 0) {
        if (write(out, buffer, (size_t)got) != got) fail(to);
        at += got;
    }
    if (got < 0) fail("pread");
    close(out);
}

static void keep_names(const char *folder, const char *kept) {
    char path[4096], aside[4096];
    struct stat known;
    struct dirent *entry;
    DIR *names;
    snprintf(path, sizeof path, "%s/names", kept);
    if ((names = opendir(path)) == NULL) fail(path);
    while ((entry = readdir(names)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && stat(path, &known) != 0) {
            snprintf(path, sizeof path, "%s/names/%s", kept, entry->d_name);
            unlink(path);
        }
    }
    closedir(names);
    if ((names = opendir(folder)) == NULL) fail(folder);
    while ((entry = readdir(names)) != NULL) {
        FILE *out;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &known) != 0 || !S_ISREG(known.st_mode)) continue;
        snprintf(aside, sizeof aside, "%s/name.new", kept);
        if ((out = fopen(aside, "w")) == NULL) fail(aside);
        fprintf(out, "%llu", (unsigned long long)known.st_ino);
        fclose(out);
        snprintf(path, sizeof path, "%s/names/%s", kept, entry->d_name);
        if (rename(aside, path) != 0) fail(path);
    }
    closedir(names);
}

static int synchronise(int fd, const char *name) {
    sync_call call = (sync_call)dlsym(RTLD_NEXT, name);
    const char *folder = getenv("POWER_FOLDER"), *kept = getenv("POWER_KEPT");
    char link[64], path[4096], aside[4096], final[4096];
    struct stat known;
    ssize_t length;
    size_t of_folder;
    int done;
    if (folder == NULL || kept == NULL) return call(fd);
    of_folder = strlen(folder);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0 || fstat(fd, &known) != 0) return call(fd);
    path[length] = 0;
    if (strncmp(path, folder, of_folder) != 0) return call(fd);

    pthread_mutex_lock(&one_at_a_time);
    if (S_ISDIR(known.st_mode)) {
        done = call(fd);
        if (done == 0 && path[of_folder] == 0) keep_names(folder, kept);
    } else {
        /* A file that is open only for writing is opened again for reading. Others are not: closing a second
         * descriptor of a file would release SQLite's locks on it. */
        int again = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY ? open(link, O_RDONLY) : -1;
        /* Data written during the synchronisation may be missing. */
        snprintf(aside, sizeof aside, "%s/copy.new", kept);
        snprintf(final, sizeof final, "%s/%llu", kept, (unsigned long long)known.st_ino);
        copy(again < 0 ? fd : again, aside);
        if (again >= 0) close(again);
        done = call(fd);
        if (done == 0 && rename(aside, final) != 0) fail(final);
    }
    pthread_mutex_unlock(&one_at_a_time);
    return done;
}

int fsync(int fd) { return synchronise(fd, "fsync"); }

int fdatasync(int fd) { return synchronise(fd, "fdatasync"); }
