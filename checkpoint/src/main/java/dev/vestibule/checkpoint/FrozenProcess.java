package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.FdinfoEntry;
import dev.vestibule.checkpoint.schema.FsEntry;
import dev.vestibule.checkpoint.schema.MmEntry;
import dev.vestibule.checkpoint.schema.PagemapEntry;
import dev.vestibule.checkpoint.schema.PstreeEntry;
import dev.vestibule.checkpoint.schema.TaskKobjIdsEntry;
import java.util.List;

/**
 * What do the images say of one living process? All of it was checked, each for itself and against
 * the others.
 *
 * @param threads the leader first
 * @param pagesId of the file with its pages
 * @param pieces where all its pages lie, in this directory and those of earlier dumps
 */
record FrozenProcess(
    PstreeEntry place,
    List<Entry<CoreEntry>> threads,
    TaskKobjIdsEntry ids,
    FsEntry fs,
    Entry<MmEntry> mm,
    int pagesId,
    List<PagemapEntry> pagemap,
    List<PageChain.Piece> pieces,
    List<FdinfoEntry> descriptors) {

  CoreEntry leader() {
    return threads.getFirst().message();
  }
}
