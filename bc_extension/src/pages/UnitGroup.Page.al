// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
page 50110 "SI Unit Group"
{
    PageType = API;
    APIPublisher = 'integration';
    APIGroup = 'sales';
    APIVersion = 'v1.0';
    EntityName = 'unitGroup';
    EntitySetName = 'unitGroups';
    SourceTable = "Unit Group";
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;
    Editable = false;
    ModifyAllowed = false;
    InsertAllowed = false;
    DeleteAllowed = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'SystemId', Locked = true;
                    Editable = false;
                }
                field(sourceType; Rec."Source Type")
                {
                    Caption = 'Source Type', Locked = true;
                    Editable = false;
                }
                field(sourceId; Rec."Source Id")
                {
                    Caption = 'Source Id', Locked = true;
                    Editable = false;
                }
                field(sourceNumber; Rec."Source No.")
                {
                    Caption = 'Source No.', Locked = true;
                    Editable = false;
                }
                field("code"; Rec.GetCode())
                {
                    Caption = 'code', Locked = true;
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
}
