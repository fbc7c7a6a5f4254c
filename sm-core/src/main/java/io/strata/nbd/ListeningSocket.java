// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/// A socket that listens. Owns the channel and, of a unix socket, the file.
///
/// @param channel the bound channel
/// @param endpoint where it listens, with the port that the system chose
/// @param fileKey identity of the socket file, so that nobody else's is deleted
record ListeningSocket(
    ServerSocketChannel channel, NbdEndpoint endpoint, Optional<Object> fileKey) {
  private static final int BACKLOG = 1024;

  private static final String PRIVATE_PREFIX = ".s";
  private static final int PRIVATE_RANDOM_CHARACTERS = 20;

  static ListeningSocket open(NbdEndpoint endpoint) throws IOException {
    return switch (endpoint) {
      case NbdEndpoint.Tcp tcp -> openTcp(tcp);
      case NbdEndpoint.UnixSocket unix -> openUnix(unix.path().toAbsolutePath());
    };
  }

  private static ListeningSocket openTcp(NbdEndpoint.Tcp tcp) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.bind(tcp.address(), BACKLOG);
      InetSocketAddress bound = (InetSocketAddress) channel.getLocalAddress();
      return new ListeningSocket(channel, new NbdEndpoint.Tcp(bound), Optional.empty());
    } catch (IOException | RuntimeException failure) {
      channel.close();
      throw cannotListen(tcp.address().toString(), failure);
    }
  }

  /// The socket is bound in a directory that only this user can enter, made 0600, and then moved to
  /// its place: at no moment can anybody else connect, whatever the umask is.
  private static ListeningSocket openUnix(Path path) throws IOException {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IOException(path + " can't be a socket");
    }
    requireShort(path);
    refuseLive(path);
    Path privateDirectory =
        Files.createTempDirectory(
            parent,
            PRIVATE_PREFIX,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path unfinished = privateDirectory.resolve("s");
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(unfinished), BACKLOG);
      Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rw-------"));
      Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
      return new ListeningSocket(
          channel, new NbdEndpoint.UnixSocket(path), Optional.of(fileKeyOf(path)));
    } catch (IOException | RuntimeException failure) {
      channel.close();
      Files.deleteIfExists(unfinished);
      throw cannotListen(path.toString(), failure);
    } finally {
      Files.deleteIfExists(privateDirectory);
    }
  }

  private static IOException cannotListen(String where, Exception cause) {
    return new IOException("can't listen at " + where + ": " + cause.getMessage(), cause);
  }

  private static void requireShort(Path path) throws IOException {
    int nameBytes = path.getFileName().toString().getBytes(StandardCharsets.UTF_8).length;
    int pathBytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
    int privateBytes =
        pathBytes - nameBytes + PRIVATE_PREFIX.length() + PRIVATE_RANDOM_CHARACTERS + "/s".length();
    if (Math.max(pathBytes, privateBytes) > NbdEndpoint.UnixSocket.MAX_PATH_BYTES) {
      throw new IOException(
          "socket path %s is too long: %d bytes with its directory's private part, at most %d"
              .formatted(
                  path, Math.max(pathBytes, privateBytes), NbdEndpoint.UnixSocket.MAX_PATH_BYTES));
    }
  }

  /// Accepts a path where nothing is, or the socket of a server that is dead.
  private static void refuseLive(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!attributesOf(path).isOther()) {
      throw new IOException(path + " exists and is not a socket");
    }
    try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      throw new IOException("another server listens at " + probe.getRemoteAddress());
    } catch (ConnectException dead) {
      // Nobody listens: the file is left over, and replaced.
      return;
    }
  }

  private static BasicFileAttributes attributesOf(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  private static Object fileKeyOf(Path path) throws IOException {
    return attributesOf(path).fileKey();
  }

  /// Stops listening and removes the socket file, if it is still this socket's.
  void close() throws IOException {
    channel.close();
    if (endpoint instanceof NbdEndpoint.UnixSocket unix
        && Files.exists(unix.path(), LinkOption.NOFOLLOW_LINKS)
        && fileKey.equals(Optional.of(fileKeyOf(unix.path())))) {
      Files.deleteIfExists(unix.path());
    }
  }
}
