package dev.vestibule.kernel.exec;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.handed.HandedPages.Content;
import dev.vestibule.kernel.memory.Backing;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** A part of a kernel's handed pages as what a mapping shows; it outlives every process. */
public final class HandedArea extends Backing {
  /** No two kernels share a page, nor do two sets of pages of one kernel. */
  private static final AtomicLong NEXT_FRAME = new AtomicLong(0x1000);

  private final String kernel;
  private final int index;
  private final Content content;
  private final long firstFrame;

  HandedArea(String kernel, int index, Content content) {
    this.kernel = kernel;
    this.index = index;
    this.content = content;
    firstFrame = newFrames(content.length());
  }

  /** Numbers of page frames that nobody has yet, for some bytes; the first of them. */
  static long newFrames(long length) {
    return NEXT_FRAME.getAndAdd(length >>> GuestMemory.PAGE_SHIFT);
  }

  /** The name of the kernel profile whose pages these are. */
  public String kernel() {
    return kernel;
  }

  /** Its number among the kernel's areas. */
  public int index() {
    return index;
  }

  Content content() {
    return content;
  }

  @Override
  public int hostFd() {
    return content.hostFd();
  }

  @Override
  public boolean hostWritable() {
    return false;
  }

  @Override
  public long size() {
    return content.present();
  }

  @Override
  public boolean has(long offset) {
    return offset < size() && !content.holes().contains(offset);
  }

  @Override
  public List<Long> holes() {
    return content.holes();
  }

  @Override
  public long firstFrame() {
    return firstFrame;
  }

  @Override
  public String path() {
    return "";
  }

  @Override
  protected void close() {}
}
