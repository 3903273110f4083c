/* What a disk holds that loses its power: of the files in one folder, what was synchronised and no more.
 *
 * Loaded before libc (LD_PRELOAD). Whenever a file in the folder POWER_FOLDER is synchronised, it is copied to
 * POWER_KEPT/<inode>; whenever the folder itself is, POWER_KEPT/names/<name> is written anew for each file in it and
 * holds its inode. Names and contents are kept apart because a disk does so: a synchronised file whose name was
 * not synchronised is not found again.
 *
 * Nothing else is changed: writes, and reads of what was written, go on as ever. Whoever cuts the power kills
 * the process and puts what was kept in the place of what is there. */

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

/* One at a time: a copy must not take the place of a later one. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void fail(const char *what) {
    perror(what);
    abort();
}

/* A copy as the file is now, under another name until it may be relied on. */
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
        /* One that is open for writing only is opened once more, to be read. Not others: the end of a file's
         * second descriptor would end the locks that SQLite holds on it. */
        int again = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY ? open(link, O_RDONLY) : -1;
        /* What is written while it is being synchronised may be left out. */
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
