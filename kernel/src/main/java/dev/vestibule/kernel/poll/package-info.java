/** Files that tell of events: epoll, eventfd, signalfd, inotify, and the host's descriptors. */
package dev.vestibule.kernel.poll;
