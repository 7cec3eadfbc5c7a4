// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
page 50129 "SI Sales Document Note"
{
    PageType = API;
    APIPublisher = 'integration';
    APIGroup = 'sales';
    APIVersion = 'v1.0';
    EntityName = 'salesDocumentNote';
    EntitySetName = 'salesDocumentNotes';
    SourceTable = "Record Link";
    SourceTableView = where("Type" = const(Note));
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'SystemId', Locked = true;

                    trigger OnValidate()
                    begin
                        if not IsNullGuid(xRec.SystemId) and (Rec.SystemId <> xRec.SystemId) then
                            Error(IdStaysErr);
                    end;
                }
                field(linkId; Rec."Link ID")
                {
                    Caption = 'Link ID', Locked = true;
                    Editable = false;
                }
                field("type"; Rec."Type")
                {
                    Caption = 'Type', Locked = true;
                    Editable = false;
                }
                field(documentType; SalesHeader."Document Type")
                {
                    Caption = 'documentType', Locked = true;
                    Editable = false;
                }
                field(documentId; DocumentId)
                {
                    Caption = 'documentId', Locked = true;
                }
                field(documentNumber; SalesHeader."No.")
                {
                    Caption = 'documentNumber', Locked = true;
                    Editable = false;
                }
                field(description; Rec.Description)
                {
                    Caption = 'Description', Locked = true;
                }
                field(noteText; NoteText)
                {
                    Caption = 'Note', Locked = true;

                    trigger OnValidate()
                    begin
                        NoteTextGiven := true;
                    end;
                }
                field(created; Rec.Created)
                {
                    Caption = 'Created', Locked = true;
                }
                field(userId; Rec."User ID")
                {
                    Caption = 'User ID', Locked = true;
                    Editable = false;
                }
                field("company"; Rec."Company")
                {
                    Caption = 'Company', Locked = true;
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'SystemModifiedAt', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnOpenPage()
    begin
        Rec.SetRange(Company, CompanyName());
        if Rec.FindSet() then
            repeat
                if Rec."Record ID".TableNo() = Database::"Sales Header" then
                    Rec.Mark(true);
            until Rec.Next() = 0;
        Rec.MarkedOnly(true);
    end;

    trigger OnAfterGetRecord()
    begin
        ShowWhatIsNoField();
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        Rec."Type" := Rec."Type"::Note;
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        SalesHeader.GetBySystemId(DocumentId);
        Rec."Record ID" := SalesHeader.RecordId();
        Rec.Company := CopyStr(CompanyName(), 1, MaxStrLen(Rec.Company));
        Rec."User ID" := CopyStr(UserId(), 1, MaxStrLen(Rec."User ID"));
        if Rec.Created = 0DT then
            Rec.Created := CurrentDateTime();
        // An id that came along is kept: the caller finds its record by it, whatever happens.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        ApplyWhatNeedsTheRecord();
        ShowWhatIsNoField();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        Rec.Modify(true);
        ApplyWhatNeedsTheRecord();
        ShowWhatIsNoField();
        exit(false);
    end;

    local procedure ApplyWhatNeedsTheRecord()
    begin
        if NoteTextGiven then begin
            RecordLinkManagement.WriteNote(Rec, NoteText);
            Rec.Modify(true);
            NoteTextGiven := false;
        end;
    end;

    local procedure ShowWhatIsNoField()
    begin
        Clear(SalesHeader);
        if Rec."Record ID".TableNo() = Database::"Sales Header" then
            if SalesHeader.Get(Rec."Record ID") then;
        Rec.CalcFields(Note);
        DocumentId := SalesHeader.SystemId;
        NoteText := RecordLinkManagement.ReadNote(Rec);
    end;

    var
        SalesHeader: Record "Sales Header";
        RecordLinkManagement: Codeunit "Record Link Management";
        DocumentId: Guid;
        NoteText: Text;
        NoteTextGiven: Boolean;
        IdStaysErr: Label 'The id of a record that is there cannot be changed.';
}
