/**
 * The clauses by which licences say their terms, as patterns over normalised text.
 *
 * Owns: the patterns, nothing else. They are phrases of the licences themselves, long enough that
 * they occur nowhere else, with gaps only where copies differ (a holder's name, singular and plural).
 * A test finds every pattern in at least one text of the SPDX list: one that matches nothing is a typo.
 */
import type { TermKind } from "./term.ts";

// Grants that cover every use. Named, because several kinds of permission are read from each.
const EVERY_USE: readonly RegExp[] = [
  /to deal (?:in|with) the software without restriction/u,
  /permission to use copy modify and (?:or )?distribute this software/u,
  /redistribution and use (?:of this software )?in source and binary forms with or without modification are permitted/u,
  /license to reproduce prepare derivative works of publicly display publicly perform (?:sublicense and distribute|distribute and sublicense)/u,
  /each contributor licenses you to do everything with this software that would otherwise infringe that contributors copyright/u,
  /permission is granted to anyone to use this software for any purpose including commercial applications/u,
  /anyone is free to copy modify publish use compile sell or distribute this software/u,
  /affirmer hereby overtly fully permanently irrevocably and unconditionally waives abandons and surrenders/u,
  /just do what the fuck you want to/u,
  /to use reproduce display distribute execute and transmit the software/u,
  /to use reproduce make available modify display perform distribute and otherwise exploit its contributions/u,
  /prepare derivative works distribute and otherwise use (?:python|the software) alone or in any derivative version/u,
  /to use reproduce modify display perform sublicense and distribute the original software/u,
  /to deal in both the software and any piece of software/u,
  /license to reproduce its contribution prepare derivative works of its contribution and distribute its contribution/u,
  /to use study copy merge embed modify redistribute and sell modified and unmodified copies/u,
];

/** The LGPL 3 is an amendment: what it does not change it takes from the GPL 3 by this sentence. */
const INCORPORATES_GPL_3 =
  /incorporates the terms and conditions of version 3 of the gnu general public license/u;

const GNU_VERBATIM_COPIES =
  /you may (?:copy and distribute|convey) verbatim copies of the (?:programs source code|librarys complete source code)/u;
const CC_SHARE =
  /reproduce and share the licensed material in whole or in part|to distribute and publicly perform the work/u;

/** The patterns of each kind; one match of any of them is the term. */
export const TERM_PATTERNS: Readonly<Record<TermKind, readonly RegExp[]>> = {
  "commercial-use": [
    ...EVERY_USE,
    GNU_VERBATIM_COPIES,
    INCORPORATES_GPL_3,
    /to distribute or communicate copies of the original work and derivative works/u,
    // The non-commercial variants have the same grant and take it back further down.
    /to distribute and publicly perform the work(?!.{0,6000}directed toward commercial advantage)/u,
    /reproduce and share the licensed material in whole or in part(?! for noncommercial)/u,
  ],
  modify: [
    ...EVERY_USE,
    INCORPORATES_GPL_3,
    /you may modify your copy or copies of the (?:program|library)/u,
    /you may convey a work based on the program or the modifications to produce it/u,
    /produce reproduce and share adapted material|to create and reproduce adaptations/u,
    /you may distribute your modified version as source/u,
    /to translate adapt alter transform modify or arrange the original work/u,
  ],
  distribute: [
    ...EVERY_USE,
    GNU_VERBATIM_COPIES,
    CC_SHARE,
    INCORPORATES_GPL_3,
    /you may distribute your modified version as source/u,
    /to distribute or communicate copies of the original work and derivative works/u,
  ],
  "private-use": [
    ...EVERY_USE,
    CC_SHARE,
    INCORPORATES_GPL_3,
    /you may make run and propagate covered works that you do not convey/u,
    /the act of running (?:the program|a program using the library) is not restricted/u,
    /you are permitted to use the standard version and create and use modified versions/u,
    /to reproduce the original work in copies/u,
  ],
  sublicense: [
    /publish distribute sublicense and or sell/u,
    /publicly perform (?:sublicense and distribute|distribute and sublicense)/u,
    /display perform sublicense and distribute/u,
    /non exclusive sublicens(?:able|eable) license/u,
    /to sublicense the foregoing rights/u,
    /sublicense rights in the work/u,
  ],
  // The look-ahead is the point: the grant runs straight into the disclaimer, with no "provided that".
  "without-condition": [
    /for any purpose with or without fee is hereby granted(?= the software is provided)/u,
    /to permit persons to whom the software is furnished to do so(?= the software is provided)/u,
    /anyone is free to copy modify publish use compile sell or distribute this software/u,
    /affirmer hereby overtly fully permanently irrevocably and unconditionally waives abandons and surrenders/u,
    /just do what the fuck you want to/u,
  ],
  "keep-notice": [
    /the above copyright notices? and (?:this permission notice|either this complete permission notice)/u,
    /the above copyright notice and this (?:license|paragraph)/u,
    /redistributions? of source code must retain the (?:above )?copyright notice/u,
    /must retain in the source form of any derivative works that you distribute all copyright patent trademark/u,
    /also gets the text of this license or a link to/u,
    /this notice may not be removed or altered from any source distribution/u,
    /publish on each copy an appropriate copyright notice/u,
    /may not remove or alter (?:the substance of any license notices|any copyright)/u,
    /the copyright notices in the software and this entire statement/u,
    /notice of copyright [a-z0-9 ]{0,120}are retained in python/u,
    /retain the following if it is supplied by the licensor|keep intact all copyright notices/u,
    /duplicate all of the original copyright notices/u,
    /must retain in the source code of any derivative works that you create all copyright/u,
    /you must retain all copyright patent trademark and attribution notices/u,
    INCORPORATES_GPL_3,
  ],
  "publish-source": [
    /accompany it with the complete corresponding machine readable source code/u,
    /convey the (?:machine readable|minimal) corresponding source under the terms of this license/u,
    /such covered software must also be made available in source code form/u,
    /make available in executable form must also be made available in source code form/u,
    /source code for the program is available from such contributor/u,
    /the program must also be made available as source code/u,
    /you distribute or communicate shall be licensed under this open software license/u,
  ],
  "network-source": [
    /must prominently offer all users interacting with it remotely through a computer network/u,
    /must treat any external deployment by you of the original work or a derivative work as a distribution/u,
  ],
  "same-licence": [
    /to be licensed as a whole at no charge to all third parties under the terms of this license/u,
    /you must license the entire work as a whole under this license/u,
    /all distribution of covered software in source code form [a-z ]{0,80}must be under the terms of this license/u,
    /source code form must be distributed only under the terms of this license/u,
    /you distribute or communicate shall be licensed under this open software license/u,
    /adapters license you apply must be a creative commons license with the same license elements/u,
    /the font software modified or unmodified in part or in whole must be distributed entirely under this license/u,
    /cause the whole of the work to be licensed at no charge to all third parties under the terms of this license/u,
  ],
  "state-changes": [
    /carry prominent notices stating that you (?:changed the files|modified it)/u,
    /must be plainly marked as such/u,
    /include in any such work a brief summary of the changes made/u,
    /indicate if you modified the licensed material/u,
    /identify that changes were made to the original work/u,
    /clearly document how it differs from the standard version/u,
    /notice reasonably calculated to inform recipients that you have modified/u,
    /include a notice in each of your modifications that identifies you/u,
    INCORPORATES_GPL_3,
  ],
  "no-endorsement": [
    /used to endorse or promote products/u,
    /not be used in advertising/u,
    /does not grant permission to use the trade names trademarks service marks or product names of the licensor/u,
    /in a trademark sense to endorse or promote products/u,
    /connected with or sponsored endorsed or granted official status/u,
    /sponsorship or endorsement by the original author/u,
    /used to promote endorse or advertise any modified version/u,
  ],
  "patent-grant": [
    /patent license to make have made use offer to sell sell import and otherwise transfer/u,
    /would otherwise infringe any patent claims they can license/u,
    /royalty free patent license under the contributors essential patent claims/u,
    /under patent claims of such contributor to make use sell/u,
    /royalty free patent license under licensed patents/u,
    /under patent claims infringed by the making using or selling/u,
    /under patent claims owned or controlled by the licensor/u,
    /royalty free license under its licensed patents/u,
    /any and all patent rights owned or freely licensable by each licensor/u,
    INCORPORATES_GPL_3,
  ],
  "patent-termination": [
    /any patent licenses granted to you under this license for that work shall terminate/u,
    /you may not initiate litigation including a cross claim or counterclaim in a lawsuit alleging that any patent claim/u,
    /initiate litigation against any entity by asserting a patent infringement claim/u,
    /if you institute patent litigation including a cross claim or counterclaim against any party/u,
    /if recipient institutes patent litigation against any entity/u,
    /terminate automatically and you may no longer exercise any of the rights [a-z ]{0,80}commence an action/u,
    /assert a patent infringement claim excluding declaratory judgment actions/u,
    /if you bring a patent claim against any contributor over patents/u,
    INCORPORATES_GPL_3,
  ],
  "no-patent-grant": [
    /no trademark or patent rights held by affirmer are waived/u,
    /patent and trademark rights are not licensed under this public license/u,
    /no express or implied licenses to any partys patent rights are granted/u,
  ],
};
