package dev.vestibule.kernel.exec;

import dev.vestibule.handed.HandedPages.Content;
import dev.vestibule.kernel.memory.Backing;
import java.util.List;

/** A part of a kernel's handed pages as what a mapping shows; it outlives every process. */
public final class HandedArea extends Backing {
  private final String kernel;
  private final int index;
  private final Content content;

  HandedArea(String kernel, int index, Content content) {
    this.kernel = kernel;
    this.index = index;
    this.content = content;
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
  public String path() {
    return "";
  }

  @Override
  protected void close() {}
}
